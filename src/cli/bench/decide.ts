import { Policy } from '../../authz/policy/policy.ts'
import type { Request } from '../../authz/policy/rule.ts'
import type { SourceTexts } from '../../authz/policy/source.ts'
import { Subject } from '../../authz/policy/subject.ts'
import { type DecideShape, decideShapes } from './decide-shapes.ts'
import type { Figures, Job } from './load.ts'

/** Clients that ask before, as many times as those that are measured: by then nothing is translated any more. */
const turns = 3

/** Compiles rules and asks them, in this process: each client about one topic, which nobody has asked about before. */
export async function runDecide({ load }: Job): Promise<Figures> {
  const shape = await decideShapes[load.kind]?.()
  if (shape === undefined) throw new Error(`there are no rules for ${load.kind}`)
  const { amount, messages } = load
  compiled(shape, textsOf(shape, amount))
  const texts = textsOf(shape, messages)
  const compile = processorTime(() => compiled(shape, texts))
  const policy = compiled(shape, textsOf(shape, amount))
  const questions = questionsOf(shape, amount)
  // What is measured is the program as it is after a while, so others ask other rules first.
  for (let turn = 0; turn < turns; turn++)
    decideAll(compiled(shape, textsOf(shape, amount)), questionsOf(shape, amount))
  let refused = 0
  const first = processorTime(() => (refused = decideAll(policy, questions)))
  return { compile, firstCpu: first / amount, lost: refused }
}

/** Microseconds, of all threads: the collector of garbage has its own. */
function processorTime(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function textsOf(shape: DecideShape, amount: number): SourceTexts {
  return new Map([['rules', shape.text(amount)]])
}

/** Out of the text of a file. */
function compiled(shape: DecideShape, texts: SourceTexts): Policy {
  const { rules } = shape.read(texts)
  return new Policy(rules, { otherwise: 'deny', subscriptions: 'contained' })
}

/** A client, and what it asks. */
interface Question {
  readonly subject: Subject
  readonly request: Request
}

/** Made before the clock runs: a broker has its clients and their topics when it asks. */
function questionsOf(shape: DecideShape, amount: number): readonly Question[] {
  const request = (topic: string): Request => ({ action: 'publish', topic, qos: 0, retain: false })
  return Array.from({ length: amount }, (_, index) => ({
    subject: subjectOf(shape, index),
    request: request(shape.topic(index)),
  }))
}

/** Every client asks for what it may do; answers how many were refused. */
function decideAll(policy: Policy, questions: readonly Question[]): number {
  let refused = 0
  for (const { subject, request } of questions) {
    const decision = policy.decide(subject, request)
    if (decision instanceof Promise || !decision.allowed) refused++
  }
  return refused
}

function subjectOf(shape: DecideShape, index: number): Subject {
  const peer = { transport: 'memory', address: '', port: 0, loopback: true, tls: null } as const
  return new Subject({ id: `client-${index}`, identity: shape.identity(index), version: 5, listener: 'bench', peer })
}
