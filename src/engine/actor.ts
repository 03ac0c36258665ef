import type { Version } from '../packet/types.ts'
import type { TopicName } from '../topic/name.ts'
import { nobody } from './nobody.ts'
import type { Client, Identity, Peer, Verdict } from './ports.ts'

let serials = 0

/** A decision about a topic, and what it holds for. */
export interface Decided {
  readonly topic: TopicName
  readonly kind: number
  /** The rules it was decided by. */
  readonly version: number
  readonly verdict: Verdict
}

/**
 * A client as the rules see it: who it is, and where it came from. It stays with the session when the connection is
 * gone, so it holds nothing of the connection. One is replaced by another when something of it changes.
 */
export class Actor implements Client {
  readonly id: string
  readonly identity: Identity
  readonly version: Version
  readonly listener: string
  readonly peer: Peer
  /** Different for every one of this process: decisions are remembered by it. */
  readonly serial = ++serials
  /** What was decided when it published last. */
  lastPublish: Decided | null = null

  constructor(id: string, identity: Identity, version: Version, listener: string, peer: Peer) {
    this.id = id
    this.identity = identity
    this.version = version
    this.listener = listener
    // The certificates are large, and what they say is part of the identity.
    const { tls } = peer
    this.peer = tls === null || tls.certificates.length === 0 ? peer : { ...peer, tls: { ...tls, certificates: [] } }
  }

  /** Nothing that rules can ask differs: what was decided for one holds for the other. */
  sameAs(other: Actor): boolean {
    return (
      this.id === other.id &&
      this.listener === other.listener &&
      this.version === other.version &&
      this.peer.address === other.peer.address &&
      factsOf(this.identity) === factsOf(other.identity)
    )
  }

  /** A text from which `actorFrom` makes it again. */
  toText(): string {
    const { identity, version, listener, peer } = this
    const { transport, address, port, loopback } = peer
    return JSON.stringify({ identity, version, listener, peer: { transport, address, port, loopback, tls: null } })
  }
}

/** Makes the actor again that was kept as a text; where there is none, one that proved nothing. */
export function actorFrom(id: string, text: string): Actor {
  const kept: unknown = text === '' ? null : JSON.parse(text)
  return isKept(kept) ? new Actor(id, kept.identity, kept.version, kept.listener, kept.peer) : actorOfNobody(id)
}

/** Whoever has not proved who it is. */
export function actorOfNobody(id: string): Actor {
  return new Actor(id, nobody, 4, '', { transport: 'memory', address: '', port: 0, loopback: false, tls: null })
}

/** What is not of this form was not written by `toText`. */
function isKept(value: unknown): value is Omit<Client, 'id'> {
  if (typeof value !== 'object' || value === null || !('identity' in value && 'peer' in value)) return false
  const { identity, peer } = value
  return typeof identity === 'object' && identity !== null && typeof peer === 'object' && peer !== null
}

function factsOf({ expiresAt: _expiresAt, ...facts }: Identity): string {
  return JSON.stringify(facts)
}
