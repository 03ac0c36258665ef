import { resolve } from 'node:path'
import { isLoopback, parseListenAddress } from '../config/address.ts'
import { allowsAnonymous } from '../config/listeners.ts'
import type { Config } from '../config/schema.ts'

/** What a person who started the broker wants to know: where it listens, what is safe and what is not, what to try. */
export function welcome(version: string, config: Config, urls: readonly string[], command: string): string {
  const lines = [`Petaltail ${version} is ready and listens on`, ...urls.map((url) => `  ${url}`), '']
  lines.push(...safety(config, urls))
  if (config.store.kind === 'memory')
    lines.push('Sessions and messages are kept in memory: they are gone when the broker stops.')
  else lines.push(`Sessions and messages are kept in ${resolve(config.store.path)}.`)
  lines.push('', 'Try, in two other terminals:', ...attempts(config, urls, command), 'Stop with Ctrl-C.')
  return `${lines.join('\n')}\n`
}

function safety(config: Config, urls: readonly string[]): string[] {
  const far = urls.filter((url) => !isLocal(url))
  const anonymous = urls.filter((_url, index) => letsInAnybody(config, index))
  const open = far.filter((url) => anonymous.includes(url))
  const lines: string[] = []
  if (far.length === 0)
    lines.push(
      anonymous.length > 0
        ? 'Safe: only programs on this machine can connect. Any of them can, without a password, and see everything.'
        : 'Safe: only programs on this machine can connect, and they must prove who they are.',
    )
  else if (open.length === 0) lines.push('Clients from other machines must prove who they are.')
  else lines.push(`NOT SAFE: other machines can connect, without a password, and see everything: ${open.join(', ')}`)
  if (open.length < far.length || anonymous.length === 0)
    lines.push('Whoever has done so can read and write everything: there are no access rules yet.')
  const plain = far.filter((url) => url.startsWith('mqtt:') || url.startsWith('ws:'))
  if (plain.length > 0)
    lines.push(`NOT SAFE: what they send can be read on its way: ${plain.join(', ')} (mqtts:// and wss:// encrypt)`)
  return lines
}

/** Clients that prove nothing are let in by the listener at `index`. */
function letsInAnybody(config: Config, index: number): boolean {
  const listener = config.listeners[index]
  return listener !== undefined && allowsAnonymous(config, listener)
}

function attempts(config: Config, urls: readonly string[], command: string): string[] {
  const proof = urls.some((_url, index) => letsInAnybody(config, index)) ? '' : ' -u NAME -P PASSWORD'
  const where = `${target(urls)}${proof}`
  return [`  ${command} sub${where} -t 'hello/#' -v`, `  ${command} pub${where} -t hello/world -m 'It works'`]
}

/** The arguments that lead a client on this machine to the broker. */
function target(urls: readonly string[]): string {
  const addresses = urls.map(parseListenAddress)
  for (const address of addresses) {
    if (typeof address === 'string' || address.transport !== 'tcp') continue
    const host = ['127.0.0.1', 'localhost', '::', '', '0.0.0.0'].includes(address.host) ? '' : ` -h ${address.host}`
    return `${host}${address.port === 1883 ? '' : ` -p ${address.port}`}`
  }
  const unix = addresses.find((address) => typeof address !== 'string' && address.transport === 'unix')
  if (unix !== undefined && typeof unix !== 'string') return ` --unix ${unix.path}`
  return urls[0] === undefined ? '' : ` -L ${urls[0]}`
}

function isLocal(url: string): boolean {
  const address = parseListenAddress(url)
  return typeof address !== 'string' && isLoopback(address)
}
