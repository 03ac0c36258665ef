import type { Clock } from '../base/clock.ts'
import { Counters } from '../base/counters.ts'
import { Damper } from '../base/damper.ts'
import type { Log } from '../base/log.ts'
import { Turn } from '../base/turn.ts'
import { Wheel } from '../base/wheel.ts'
import { TopicNames } from '../topic/name.ts'
import { Access } from './access.ts'
import { AccessReviews } from './access-reviews.ts'
import { Commits } from './commits.ts'
import { Slabs } from './outbox.ts'
import type { Authenticator, Authorizer, Journal } from './ports.ts'
import { Retained } from './retained.ts'
import { Router } from './router.ts'
import { Sessions } from './sessions.ts'
import type { Settings } from './settings.ts'
import type { Store } from './store-ports.ts'

/** What a broker is made with. */
export interface CoreParts {
  readonly settings: Settings
  readonly clock: Clock
  readonly log: Log
  readonly journal: Journal
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  /** Makes the store with what the core has. */
  readonly store: (base: StoreBase) => Store
}

/** What a store is made with. */
export interface StoreBase {
  readonly clock: Clock
  readonly log: Log
  readonly turn: Turn
  readonly names: TopicNames
}

/** Log lines a second about refusals of one kind; all of them are counted and recorded. */
const logged = 20
/** Every so many milliseconds, so many retained messages are looked at for expiry. */
const sweepInterval = 1_000
const sweepCount = 2_000

/** The state of one broker, shared by all of its connections. Two brokers in one process have one each. */
export class Core {
  readonly settings: Settings
  readonly clock: Clock
  readonly log: Log
  readonly journal: Journal
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly access: Access
  readonly counters = new Counters()
  readonly turn: Turn
  /** For log lines about connections that are refused, and messages. */
  readonly refusals: Damper
  readonly denials: Damper
  readonly slabs = new Slabs()
  readonly wheel: Wheel
  readonly names: TopicNames
  readonly store: Store
  readonly commits: Commits
  readonly retained: Retained
  readonly router: Router
  readonly sessions: Sessions
  readonly accessReviews: AccessReviews
  /** The broker is closing: nobody is let in. */
  closing = false
  /** How often it was said that what was known of identities may have changed. */
  identityChanges = 0
  readonly #stopSweep: () => void

  constructor(parts: CoreParts) {
    this.settings = parts.settings
    this.clock = parts.clock
    this.log = parts.log
    this.journal = parts.journal
    this.authenticator = parts.authenticator
    this.authorizer = parts.authorizer
    this.access = new Access(parts.authorizer, parts.settings)
    this.turn = new Turn((error) => parts.log.error('internal error at the end of a turn', { error }))
    this.refusals = new Damper(parts.clock, logged)
    this.denials = new Damper(parts.clock, logged)
    this.wheel = new Wheel(parts.clock)
    this.names = new TopicNames(parts.settings)
    this.store = parts.store(this)
    this.commits = new Commits(this.store, parts.log)
    this.retained = new Retained(this.store.retained, parts.settings, this.counters)
    this.router = new Router(this)
    this.sessions = new Sessions(this)
    this.accessReviews = new AccessReviews(this)
    this.#stopSweep = parts.clock.every(sweepInterval, () => {
      this.retained.sweep(this.clock.now(), sweepCount)
      this.store.sweep()
      this.router.recordWithheld()
      for (const session of this.sessions) if (session.attached !== null) session.settleDown()
    })
  }

  /** Ends the broker; rejects when something that was promised could not be made safe. */
  async close(): Promise<void> {
    this.#stopSweep()
    this.accessReviews.close()
    this.wheel.close()
    await this.store.close()
  }
}
