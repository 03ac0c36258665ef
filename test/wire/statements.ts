import { readFileSync } from 'node:fs'

/** One normative statement, or a rule that has only a section number. */
export interface Statement {
  /** As in a tag, without the brackets: `MQTT3-3.3.1-6`, `MQTT-3.3.1-6`, `MQTT §2.2.2.2`. */
  readonly tag: string
  readonly subject: 'server' | 'client' | 'both'
  readonly area: string
  /** What a wire test can show: the server's own conduct, its answer to a client that breaks the rule, or nothing. */
  readonly kind: 'server' | 'mirror' | 'none'
  /** Why nothing, or a remark on what is shown, in few words; mostly empty. */
  readonly why: string
}

export interface Specification {
  readonly name: string
  readonly statements: readonly Statement[]
}

/** The statements of both specifications, from the tables beside this file. */
export function specifications(): readonly Specification[] {
  return [
    { name: 'MQTT 3.1.1', statements: read('statements-3.1.1.tsv', 'MQTT3') },
    { name: 'MQTT 5.0', statements: read('statements-5.0.tsv', 'MQTT') },
  ]
}

/** The tags in the title of a test, without their brackets. */
export function tagsIn(title: string): string[] {
  return [...title.matchAll(/\[(MQTT3?(?:-[\d.]+-\d+| §[\d.]+))\]/g)].map(([, tag]) => tag ?? '')
}

function read(file: string, prefix: string): Statement[] {
  const [, ...lines] = readFileSync(new URL(file, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.map((line, index) => {
    const [id = '', subject = '', area = '', testable = ''] = line.split('\t')
    if (!isSubject(subject) || testable === '') throw new Error(`${file}:${index + 2}: not a statement: ${line}`)
    const tag = id.startsWith('§') ? `${prefix} ${id}` : `${prefix}-${id}`
    return { tag, subject, area, kind: kindOf(testable), why: testable.replace(/^[^:]*(: )?/, '') }
  })
}

function kindOf(testable: string): Statement['kind'] {
  if (testable.startsWith('no')) return 'none'
  return testable.startsWith('yes-mirror') ? 'mirror' : 'server'
}

function isSubject(text: string): text is Statement['subject'] {
  return text === 'server' || text === 'client' || text === 'both'
}
