import type { Clock } from '../../base/clock.ts'
import { BrokerError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { WatchedFiles } from '../../base/watched-files.ts'
import { pathText } from '../../config/names.ts'
import { checkToken } from '../../config/token-check.ts'
import type {
  Answer,
  Authenticator,
  Client,
  Credentials,
  Denial,
  Exchange,
  ExchangeStep,
  Identity,
} from '../../engine/ports.ts'
import { Reason } from '../../packet/reason.ts'
import type { KeySource } from './keys.ts'
import { openKeys } from './keys-open.ts'
import { TokenJudge, type TokenRejection, type TokenVerdict } from './token-judge.ts'
import type { TokenOptions } from './token-options.ts'
import { looksLikeToken } from './token-text.ts'

interface Context {
  readonly log: Log
  readonly clock: Clock
  readonly files: WatchedFiles
}

/**
 * Clients prove who they are with a JSON Web Token, as password or by enhanced authentication.
 *
 * @throws BrokerError CONFIG_INVALID when options contradict each other, TOKEN_KEYS_UNUSABLE when a file cannot be used.
 */
export async function openTokenAuthenticator(options: TokenOptions, context: Context): Promise<Authenticator> {
  const mistake = checkToken(options)[0]
  if (mistake !== undefined)
    throw new BrokerError('CONFIG_INVALID', `token.${pathText(mistake.path)} ${mistake.message}`)
  return new TokenAuthenticator(options, await openKeys(options.keys, context), context)
}

class TokenAuthenticator implements Authenticator {
  readonly #options: TokenOptions
  readonly #keys: KeySource
  readonly #judge: TokenJudge
  #changed: () => void = () => {}

  constructor(options: TokenOptions, keys: KeySource, context: Context) {
    this.#options = options
    this.#keys = keys
    this.#judge = new TokenJudge(options, keys, context)
    keys.watch(() => this.#keysChanged())
  }

  authenticate({ username, password, peer }: Credentials): Answer<Identity | Denial | 'unknown'> {
    const { password: taken, userName } = this.#options
    if (!taken) return 'unknown'
    if (userName === '*') {
      if (password === null || !looksLikeToken(password)) return 'unknown'
    } else if (username !== userName) {
      return 'unknown'
    }
    if (password === null) return denialOf(`the user ${userName} sent no token as password`)
    const verdict = this.#judge.judge(password, peer)
    return verdict instanceof Promise ? verdict.then(asPassword) : asPassword(verdict)
  }

  begin(method: string, { peer }: Credentials): Exchange | null {
    if (!this.#options.methods.includes(method)) return null
    return { step: (data) => this.#step(data, peer) }
  }

  review({ identity }: Client): Denial | null {
    if (!this.#options.recheck || !this.#judge.isWithdrawn(identity)) return null
    const detail = `the key the token of ${identity.name} was signed with was withdrawn`
    return { reason: Reason.NotAuthorized, detail, told: 'the token is not good any more' }
  }

  watch(changed: () => void): void {
    this.#changed = changed
  }

  async close(): Promise<void> {
    await this.#keys.close()
  }

  #keysChanged(): void {
    this.#judge.forget()
    if (this.#options.recheck) this.#changed()
  }

  /** There is but one step: the token. */
  #step(data: Buffer | null, peer: Credentials['peer']): Answer<ExchangeStep> {
    if (data === null || data.length === 0)
      return { kind: 'failure', reason: Reason.NotAuthorized, detail: 'no token came as authentication data' }
    const verdict = this.#judge.judge(data, peer)
    return verdict instanceof Promise ? verdict.then(asStep) : asStep(verdict)
  }
}

function asPassword(verdict: TokenVerdict): Identity | Denial | 'unknown' {
  return verdict !== 'unknown' && 'detail' in verdict ? denial(verdict, Reason.BadUserNameOrPassword) : verdict
}

function asStep(verdict: TokenVerdict): ExchangeStep {
  if (verdict === 'unknown') return { kind: 'unknown', detail: 'the token is of an issuer that is not known here' }
  // A connection that is already there can be ended with "not authorized" only [MQTT 3.14.2.1].
  if ('detail' in verdict) return { kind: 'failure', ...denial(verdict, Reason.NotAuthorized) }
  return { kind: 'success', identity: verdict, data: null }
}

function denial({ detail, told, unavailable }: TokenRejection, reason: Reason): Denial {
  const denied = { reason: unavailable ? Reason.ServerUnavailable : reason, detail }
  return told === undefined ? denied : { ...denied, told }
}

function denialOf(detail: string): Denial {
  return { reason: Reason.BadUserNameOrPassword, detail }
}
