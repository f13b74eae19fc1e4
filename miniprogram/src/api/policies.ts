import { get, post, postAsGuest } from './client'
import type { BotAnswer, Checked, Demand, DemandDraft, FactAnswer, Page, PolicyDetail, PolicyItem } from './types'

export interface PolicyFilter {
  q?: string
  state?: string
  category?: string
}

export const policies = (filter: PolicyFilter): Promise<Page<PolicyItem>> => get('/policies', { ...filter, per_page: 100 })
export const policy = (code: string): Promise<PolicyDetail> => get(`/policies/${encodeURIComponent(code)}`)
export const check = (code: string, org: string): Promise<Checked> =>
  post(`/policies/${encodeURIComponent(code)}/check`, { org })
export const tellFact = (org: string, fact: FactAnswer): Promise<unknown> =>
  post(`/orgs/${encodeURIComponent(org)}/facts`, { facts: [fact] })

export const ask = (text: string, org: string | null, key: string): Promise<BotAnswer> =>
  postAsGuest('/bot/messages', { text, ...(org ? { org } : {}), client_uuid: key })

export const createDemand = (draft: DemandDraft, org: string | null, key: string): Promise<Demand> =>
  post('/demands', {
    category: draft.category,
    title: draft.title,
    text: draft.text,
    ...(org ? { org } : {}),
    client_uuid: key,
  })
export const submitDemand = (code: string): Promise<Demand> => post(`/demands/${code}/submit`)
export const myDemands = (): Promise<Page<Demand>> => get('/demands', { mine: 1, per_page: 100 })
