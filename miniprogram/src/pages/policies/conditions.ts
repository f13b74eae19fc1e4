import type { Condition } from '@/api/types'

export interface ConditionRow {
  key: string
  depth: number
  group: boolean
  sign: '' | 'met' | 'unmet' | 'unknown'
  text: string
  value: string
  clause: string
  soft: boolean
}

export const SIGNS: Record<string, { sign: string; word: string; mark: string }> = {
  met: { sign: '✓', word: '满足', mark: 'ok' },
  unmet: { sign: '✗', word: '不满足', mark: 'stop' },
  unknown: { sign: '？', word: '还不清楚', mark: 'warn' },
}

const GROUPS: Record<string, string> = { all: '同时满足：', any: '满足其中一组即可：', not: '不能有：', at_least: '满足其中几项：' }

/** The tree as lines with a depth: mini-program templates do not nest themselves. */
export function conditionRows(conditions: Condition[], depth = 0, path = ''): ConditionRow[] {
  return conditions.flatMap((condition, index) => {
    const key = `${path}${index}`
    const children = condition.children ?? []
    const group = children.length > 0
    const row: ConditionRow = {
      key,
      depth,
      group,
      sign: condition.sign ?? '',
      text: condition.requirement || GROUPS[condition.kind ?? 'all'] || '',
      value: valueText(condition),
      clause: condition.clause && condition.clause !== condition.requirement ? condition.clause : '',
      soft: condition.hard === false,
    }
    return [row, ...conditionRows(children, depth + 1, `${key}.`)]
  })
}

/** The firm's own value with its date; nothing where nothing is known. */
function valueText(condition: Condition): string {
  if (condition.value === null || condition.value === undefined || condition.value === '') return ''
  return `本企业：${condition.value}${condition.as_of ? `（${condition.as_of.slice(0, 10)}）` : ''}`
}

/** 满足 6 · 不满足 1 · 还不清楚 2, counted over the top level as the verdict is. */
export function tally(conditions: Condition[]): { sign: string; word: string; mark: string; count: number }[] {
  return Object.entries(SIGNS)
    .map(([name, words]) => ({ ...words, count: conditions.filter((condition) => condition.sign === name).length }))
    .filter((entry) => entry.count > 0)
}

/** What stands in the way, unmet before unknown: the leaves themselves, since a group only says that something in it fails. */
export function standingInTheWay(conditions: Condition[]): Condition[] {
  const leaves = (condition: Condition, sign: Condition['sign']): Condition[] =>
    condition.children?.length
      ? condition.children.flatMap((child) => (child.sign === sign ? leaves(child, sign) : []))
      : [condition]
  return (['unmet', 'unknown'] as const).flatMap((sign) =>
    conditions.filter((condition) => condition.sign === sign).flatMap((condition) => leaves(condition, sign)),
  )
}
