import { mount } from '@vue/test-utils'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Condition, Question } from '@/api/types'
import PolicyCard from '@/components/PolicyCard.vue'
import QuestionCard from '@/components/QuestionCard.vue'
import { answerQuestion, chat, deliver, say, startOver } from '@/pages/ask/chat'
import { conditionRows, standingInTheWay, tally } from '@/pages/policies/conditions'
import { connectSession, session } from '@/state/session'
import { phone } from './phone'

const leaf = (requirement: string, sign: Condition['sign'], more: Partial<Condition> = {}): Condition => ({ requirement, sign, kind: 'leaf', ...more })
const tree: Condition[] = [
  leaf('成立满一年', 'met', { value: '6 年', as_of: '2026-03-31', clause: '第三条' }),
  { requirement: '', kind: 'any', sign: 'unknown', children: [leaf('营收 ≥ 1 亿元', 'unknown'), leaf('研发占比 ≥ 6%', 'unmet')] },
]

describe('conditions', () => {
  test('the tree becomes lines with a depth, own value and date', () => {
    const rows = conditionRows(tree)
    expect(rows.map((row) => [row.depth, row.sign, row.text])).toEqual([
      [0, 'met', '成立满一年'],
      [0, 'unknown', '满足其中一组即可：'],
      [1, 'unknown', '营收 ≥ 1 亿元'],
      [1, 'unmet', '研发占比 ≥ 6%'],
    ])
    expect(rows[0].value).toBe('本企业：6 年（2026-03-31）')
    expect(rows[2].value).toBe('')
  })

  test('what stands in the way is named by its leaves, unmet first', () => {
    const failed: Condition = { requirement: '', kind: 'any', sign: 'unmet', children: [leaf('研发占比 ≥ 6%', 'unmet'), leaf('营收 ≥ 1 亿元', 'met')] }
    expect(standingInTheWay([leaf('成立满一年', 'unknown'), leaf('在区内', 'met'), failed]).map((c) => c.requirement)).toEqual(['研发占比 ≥ 6%', '成立满一年'])
  })

  test('signs are counted on the level of the verdict, and each has a word', () => {
    expect(tally(tree).map((entry) => `${entry.sign}${entry.word}${entry.count}`)).toEqual(['✓满足1', '？还不清楚1'])
  })
})

describe('a policy card', () => {
  const card = () =>
    mount(PolicyCard, { props: { policy: { code: 'Q1', title: '小巨人', verdict: 'near_miss', verdict_text: '只差一点', conditions: tree } } })

  test('says the verdict in words and shows first what stands in the way', async () => {
    const shown = card()
    expect(shown.text()).toContain('只差一点')
    expect(shown.text()).toContain('？')
    expect(shown.text()).not.toContain('成立满一年')
    await shown.find('[data-testid="policy-conditions-Q1"]').trigger('click')
    expect(shown.text()).toContain('成立满一年')
    expect(shown.text()).toContain('研发占比')
  })

  test('opens the clause on tap', async () => {
    const shown = card()
    await shown.find('[data-testid="policy-conditions-Q1"]').trigger('click')
    expect(shown.text()).not.toContain('第三条')
    await shown.find('[data-testid="condition-0"]').trigger('click')
    expect(shown.text()).toContain('第三条')
  })

  test('for a guest there is no verdict to show', () => {
    const shown = mount(PolicyCard, { props: { policy: { code: 'Q1', title: '小巨人', verdict: null } } })
    expect(shown.find('.word').exists()).toBe(false)
  })
})

describe('the next question', () => {
  const question: Question = { field: 'in_park', question: '入驻园区了吗？', type: 'bool', unit: '', options: [] }

  test('can be answered, not known, or not said', async () => {
    const shown = mount(QuestionCard, { props: { question, busy: false } })
    for (const name of ['answer-true', 'answer-unknown', 'answer-declined']) await shown.find(`[data-testid="${name}"]`).trigger('click')
    expect(shown.emitted('answer')!.map(([fact]) => fact)).toEqual([
      { field: 'in_park', value: true },
      { field: 'in_park', answer: 'unknown' },
      { field: 'in_park', answer: 'declined' },
    ])
  })

  test('a number must be one', async () => {
    const shown = mount(QuestionCard, { props: { question: { ...question, type: 'money' }, busy: false } })
    await shown.find('input').setValue('很多')
    await shown.find('[data-testid="answer-submit"]').trigger('click')
    expect(shown.emitted('answer')).toBeUndefined()
    await shown.find('input').setValue('6000.5')
    await shown.find('[data-testid="answer-submit"]').trigger('click')
    expect(shown.emitted('answer')![0]).toEqual([{ field: 'in_park', value: 6000.5 }, '6000.5 万元'])
  })
})

test('a question with several answers takes all that were chosen', async () => {
  const question: Question = { field: 'markets', question: '出口到哪里？', type: 'list', unit: '', options: [{ value: 'eu', label: '欧洲' }, { value: 'us', label: '美国' }] }
  const shown = mount(QuestionCard, { props: { question, busy: false } })
  for (const name of ['answer-eu', 'answer-us', 'answer-submit']) await shown.find(`[data-testid="${name}"]`).trigger('click')
  expect(shown.emitted('answer')).toEqual([[{ field: 'markets', value: ['eu', 'us'] }, '欧洲、美国']])
})

describe('the conversation', () => {
  const question = { field: 'revenue', question: '营收？', type: 'money' }
  const card = { code: 'Q1', title: '小巨人', verdict: 'undetermined' }

  beforeEach(() => {
    startOver()
    connectSession()
    session.token = 'T'
    session.person = { id: 1, name: '何敏', zone: null, phone_masked: null, roles: [], orgs: [{ code: 'org_1', name: '海纳' }], branch: null, settings: {} }
    phone.answers['POST /bot/messages'] = { data: { replies: [{ kind: 'policies', items: [card], next_question: question }] } }
  })

  test('names the firm, and an answer judges the same policies again', async () => {
    await say(' 我们够不够小巨人 ')
    expect(phone.sent[0].body).toMatchObject({ text: '我们够不够小巨人', org: 'org_1' })
    phone.answers['POST /orgs/org_1/facts'] = { data: {} }
    phone.answers['POST /policies/Q1/check'] = { data: { ...card, verdict: 'eligible_open', next_question: question } }
    await answerQuestion({ field: 'revenue', answer: 'unknown' }, '不清楚')
    expect(phone.sent.map((sent) => sent.path)).toEqual(['/bot/messages', '/orgs/org_1/facts', '/policies/Q1/check'])
    expect(phone.sent[1].body).toEqual({ facts: [{ field: 'revenue', answer: 'unknown' }] })
    expect(chat.question).toBeNull() // what was not known is not asked again
    expect(chat.lines.map((line) => line.mine)).toEqual([true, false, true, false])
  })

  test('a lost message says so and is sent again under the same key', async () => {
    delete phone.answers['POST /bot/messages']
    await say('有什么补贴')
    expect(chat.lines[0].failed).toContain('没有收到回应')
    phone.answers['POST /bot/messages'] = { data: { replies: [{ kind: 'text', text: '有' }] } }
    await deliver(chat.lines[0])
    const keys = phone.sent.map((sent) => (sent.body as { client_uuid: string }).client_uuid)
    expect(keys[0]).toBe(keys[1])
    expect(chat.lines[0].failed).toBe('')
  })

  test('an empty message is not sent', async () => {
    await say('   ')
    expect(phone.sent).toEqual([])
  })
})
