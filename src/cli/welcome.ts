import { resolve } from 'node:path'
import { isLoopback, parseListenAddress } from '../config/address.ts'
import type { Config } from '../config/schema.ts'

/** What a person who started the broker wants to know: where it listens, what is safe and what is not, what to try. */
export function welcome(version: string, config: Config, urls: readonly string[], command: string): string {
  const lines = [`Petaltail ${version} is ready and listens on`, ...urls.map((url) => `  ${url}`), '']
  lines.push(...safety(urls))
  if (config.store.kind === 'memory')
    lines.push('Sessions and messages are kept in memory: they are gone when the broker stops.')
  else lines.push(`Sessions and messages are kept in ${resolve(config.store.path)}.`)
  lines.push('', 'Try, in two other terminals:', ...attempts(urls, command), 'Stop with Ctrl-C.')
  return `${lines.join('\n')}\n`
}

function safety(urls: readonly string[]): string[] {
  const open = urls.filter((url) => !isLocal(url))
  if (open.length === 0) {
    return ['Safe: only programs on this machine can connect. Any of them can, without a password, and see everything.']
  }
  const lines = [`NOT SAFE: other machines can connect, without a password, and see everything: ${open.join(', ')}`]
  const plain = open.filter((url) => url.startsWith('mqtt:') || url.startsWith('ws:'))
  if (plain.length > 0)
    lines.push(`NOT SAFE: what they send can be read on its way: ${plain.join(', ')} (mqtts:// and wss:// encrypt)`)
  return lines
}

function attempts(urls: readonly string[], command: string): string[] {
  const where = target(urls)
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
