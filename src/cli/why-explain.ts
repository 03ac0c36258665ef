import { pasted } from './why-words.ts'

/** What a client wanted to do. */
export interface Wish {
  readonly clientId: string
  readonly identity: string
  readonly listener: string
  readonly action: string
  /** Empty for connecting. */
  readonly topic: string
  readonly qos: number
}

/** A command line that says how the decision comes about; null when a word of it cannot be pasted, or was cut. */
export function explainCommand({ clientId, identity, listener, action, topic, qos }: Wish, config: string | null) {
  const client = pasted(clientId)
  const about = topic === '' ? '' : pasted(withoutShare(topic))
  const user = identity === '' ? '--anonymous' : named('--user', identity)
  if (client === null || about === null || user === null || topic.endsWith(' characters)')) return null
  const words = [
    'petaltail explain',
    config === null ? '' : `--config ${config}`,
    `--client ${client}`,
    user,
    listener === '' ? '' : (named('--listener', listener) ?? ''),
    qos === 0 ? '' : `--qos ${qos}`,
    action,
    about,
  ]
  return words.filter((word) => word !== '').join(' ')
}

/** The condition of a rule that is about this client. */
export function whoText({ identity }: { readonly identity: string }): string {
  return identity === '' ? 'anonymous: true' : `user: ${JSON.stringify(identity)}`
}

/** The topic filter in a shared one: that is what rules are about. */
export function withoutShare(filter: string): string {
  return /^\$share\/[^/]+\/(.+)$/s.exec(filter)?.[1] ?? filter
}

function named(option: string, value: string): string | null {
  const word = pasted(value)
  return word === null ? null : `${option} ${word}`
}
