import type { Qos } from '../packet/types.ts'
import type { Connection } from './connection.ts'
import type { Answer, Verdict } from './ports.ts'

/** A filter without its share, and the QoS asked for; null for one that is refused whatever the rules say. */
export type Question = { readonly pattern: string; readonly qos: Qos } | null

/** Filters that are decided before others get their turn: where there are many rules, one can take milliseconds. */
const atOnce = 16

const formal: Verdict = { allowed: true, why: '' }

/** What the rules say to the filters of one packet, now if they are few or soon decided, and nobody else must be asked. */
export function verdictsOf(connection: Connection, questions: readonly Question[]): Answer<readonly Verdict[]> {
  if (questions.length > atOnce && connection.core.access.watched) return inPortions(connection, questions)
  const answers = questions.map((question) => verdictOf(connection, question))
  const known = answers.filter((answer): answer is Verdict => !(answer instanceof Promise))
  return known.length === answers.length ? known : Promise.all(answers.map((answer) => Promise.resolve(answer)))
}

async function inPortions(connection: Connection, questions: readonly Question[]): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  while (verdicts.length < questions.length && !connection.closed) {
    const portion = questions.slice(verdicts.length, verdicts.length + atOnce)
    verdicts.push(...(await Promise.all(portion.map((question) => Promise.resolve(verdictOf(connection, question))))))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return verdicts
}

function verdictOf({ core, actor }: Connection, question: Question): Answer<Verdict> {
  return question === null ? formal : core.access.subscribe(actor, question.pattern, question.qos)
}
