import { decodeReason } from '../packet/decode.ts'
import { encodeAuth } from '../packet/encode.ts'
import { Place } from '../packet/properties.ts'
import { Reason } from '../packet/reason.ts'
import { type Authenticated, type Connection, Phase } from './connection.ts'
import { endOf } from './identity.ts'
import type { Answer, Credentials, ExchangeStep } from './ports.ts'

/** Begins enhanced authentication with the data of CONNECT [MQTT 4.12]. */
export function beginExchange(
  connection: Connection,
  who: Credentials,
  data: Buffer | null,
  success: Authenticated,
): void {
  const method = connection.authenticationMethod ?? ''
  const exchange = connection.core.authenticator.begin(method, who)
  if (exchange === null)
    return connection.fail(Reason.BadAuthenticationMethod, `the method ${method} is not known here`) // [MQTT-4.12.0-1]
  connection.exchange = exchange
  connection.identityChanges = connection.core.identityChanges
  connection.authenticated = success
  advance(connection, exchange.step(data))
}

/** Serves an AUTH packet [MQTT 3.15], in answer to ours or to authenticate anew [MQTT 4.12.1]. */
export function auth(connection: Connection, bytes: Buffer, start: number, end: number): void {
  const { settings } = connection.core
  if (connection.version !== 5) return connection.fail(Reason.ProtocolError, 'AUTH before MQTT 5')
  const packet = decodeReason(bytes, start, end, Place.Auth, settings.maximumUserProperties)
  if ('fault' in packet) return connection.fail(packet.fault, packet.detail)
  const method = connection.authenticationMethod
  if (method === null) return connection.fail(Reason.ProtocolError, 'AUTH without an authentication method in CONNECT') // [MQTT-4.12.0-7]
  if (packet.properties.authenticationMethod !== method)
    return connection.fail(Reason.ProtocolError, 'AUTH with another method or none')
  const data = packet.properties.authenticationData ?? null
  const exchange = connection.exchange
  if (packet.reason === Reason.ContinueAuthentication && exchange !== null)
    return advance(connection, exchange.step(data))
  if (packet.reason === Reason.Reauthenticate && exchange === null && connection.phase === Phase.Connected)
    return reauthenticate(connection, method, data)
  connection.fail(Reason.ProtocolError, 'AUTH with this reason code is out of place')
}

function reauthenticate(connection: Connection, method: string, data: Buffer | null): void {
  const { id, assigned, version, listener, peer } = connection
  const who: Credentials = {
    clientId: id,
    assigned,
    username: null,
    password: null,
    version,
    listener,
    allowAnonymous: false,
    peer,
  }
  beginExchange(connection, who, data, (identity, last) => {
    if (identity.name !== connection.identity.name)
      return connection.fail(Reason.NotAuthorized, 're-authenticated as somebody else')
    connection.identify(identity)
    if (connection.closed) return
    answer(connection, Reason.Success, method, last)
    const { session, core } = connection
    if (session === null || connection.become(session)) return
    core.sessions.identified(session)
    core.accessReviews.identified(session)
  })
}

function advance(connection: Connection, step: Answer<ExchangeStep>): void {
  if (step instanceof Promise) connection.wait(step, (value) => take(connection, value))
  else take(connection, step)
}

function take(connection: Connection, step: ExchangeStep): void {
  if (step.kind === 'continue')
    return answer(connection, Reason.ContinueAuthentication, connection.authenticationMethod ?? '', step.data)
  connection.exchange = null
  if (step.kind === 'unknown') return connection.fail(Reason.NotAuthorized, step.detail, '')
  if (step.kind === 'failure') return connection.deny(step) // [MQTT-4.12.0-4] [MQTT-4.12.1-2]
  connection.authenticated(step.identity, step.data)
}

function answer(connection: Connection, reason: Reason, authenticationMethod: string, data: Buffer | null): void {
  const end = reason === Reason.Success && connection.problemInformation ? endOf(connection.identity) : {}
  const properties = { authenticationMethod, ...(data === null ? {} : { authenticationData: data }), ...end }
  connection.send(encodeAuth(reason, properties, connection.outbox.maximumPacketSize))
}
