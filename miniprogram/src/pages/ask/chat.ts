import { reactive } from 'vue'
import { ask, check, tellFact } from '@/api/policies'
import { sentenceOf, SignInDeclined } from '@/api/errors'
import type { BotReply, Checked, FactAnswer, PolicyCardFacts, Question } from '@/api/types'
import { newUuid } from '@/ids'
import { currentOrg } from '@/state/session'

export interface Line {
  id: string
  mine: boolean
  text: string
  replies: BotReply[]
  /** A message that did not get through, kept with its key for sending again. */
  failed: string
}

const SLOW_AFTER_MS = 300

/** The conversation of this visit. Context never crosses firms: choosing another firm starts a new one. */
export const chat = reactive({ lines: [] as Line[], busy: false, slow: false, question: null as Question | null })

export function startOver(): void {
  Object.assign(chat, { lines: [], busy: false, slow: false, question: null })
}

function add(mine: boolean, text: string, replies: BotReply[] = []): Line {
  chat.lines.push({ id: newUuid(), mine, text, replies, failed: '' })
  return chat.lines[chat.lines.length - 1]
}

async function waiting(work: () => Promise<void>): Promise<void> {
  chat.busy = true
  const timer = setTimeout(() => (chat.slow = true), SLOW_AFTER_MS)
  try {
    await work()
  } finally {
    clearTimeout(timer)
    chat.busy = false
    chat.slow = false
  }
}

function take(replies: BotReply[]): void {
  add(false, '', replies)
  chat.question = replies.reduce<Question | null>(
    (found, reply) => (reply.kind === 'policies' ? (reply.next_question ?? found) : found),
    null,
  )
}

export async function say(text: string): Promise<void> {
  const said = text.trim()
  if (said && !chat.busy) await deliver(add(true, said))
}

/** Sending again keeps the line's id as its key: for the server it is the same message. */
export async function deliver(line: Line): Promise<void> {
  line.failed = ''
  chat.question = null
  await waiting(async () => {
    try {
      take((await ask(line.text, currentOrg()?.code ?? null, line.id)).replies)
    } catch (error) {
      line.failed = sentenceOf(error)
    }
  })
}

/** One answer about the firm, then the same policies judged again. */
export async function answerQuestion(fact: FactAnswer, said: string): Promise<void> {
  const org = currentOrg()
  const question = chat.question
  const cards = lastCards()
  if (!org || !question || chat.busy) return
  const line = add(true, said)
  await waiting(async () => {
    try {
      await tellFact(org.code, fact)
      const checked = await Promise.all(cards.map((card) => check(card.code, org.code)))
      take([
        { kind: 'text', text: '记下了。按最新的情况：' },
        { kind: 'policies', items: checked, next_question: nextQuestion(checked, question) },
      ])
    } catch (error) {
      if (!(error instanceof SignInDeclined)) line.failed = sentenceOf(error)
      chat.question = question
    }
  })
}

function lastCards(): PolicyCardFacts[] {
  for (const line of [...chat.lines].reverse()) {
    for (const reply of [...line.replies].reverse()) if (reply.kind === 'policies') return reply.items
  }
  return []
}

/** Never the question just answered: whoever said 不清楚 or 不想说 is not asked again. */
function nextQuestion(checked: Checked[], answered: Question): Question | null {
  return checked.map((item) => item.next_question).find((q) => q && q.field !== answered.field) ?? null
}
