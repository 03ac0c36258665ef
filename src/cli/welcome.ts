import { join, resolve } from 'node:path'
import { accessSourceName } from '../config/access-sources.ts'
import { isLoopback, parseListenAddress } from '../config/address.ts'
import { authenticatorName, authenticatorsOf } from '../config/authenticators.ts'
import { allowsAnonymous } from '../config/listeners.ts'
import type { Config } from '../config/schema.ts'
import { AuthorityFile } from '../pki/authority/authority-files.ts'

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
        ? `Safe: only programs on this machine can connect. Any of them can, without a password${seeing(config)}.`
        : 'Safe: only programs on this machine can connect, and they must prove who they are.',
    )
  else if (open.length === 0) lines.push('Clients from other machines must prove who they are.')
  else lines.push(`NOT SAFE: other machines can connect, without a password${seeing(config)}: ${open.join(', ')}`)
  if (config.access !== undefined || open.length < far.length || anonymous.length === 0)
    lines.push(`What they may do then: ${access(config)}.`)
  const plain = far.filter((url) => url.startsWith('mqtt:') || url.startsWith('ws:'))
  if (plain.length > 0)
    lines.push(`NOT SAFE: what they send can be read on its way: ${plain.join(', ')} (mqtts:// and wss:// encrypt)`)
  return lines
}

function seeing({ access: rules }: Config): string {
  return rules === undefined ? ', and see everything' : ''
}

function access({ access: rules }: Config): string {
  if (rules === undefined) return 'everything, for there are no access rules'
  const names = rules.sources.map(accessSourceName)
  const rest = rules.otherwise === 'allow' ? 'everything else' : 'nothing else'
  return names.length === 0 ? rest.replace(' else', '') : `what the rules in ${names.join(', ')} allow, and ${rest}`
}

/** Clients that prove nothing are let in by the listener at `index`. */
function letsInAnybody(config: Config, index: number): boolean {
  const listener = config.listeners[index]
  return listener !== undefined && allowsAnonymous(config, listener)
}

function attempts(config: Config, urls: readonly string[], command: string): string[] {
  const index = easiest(urls)
  const url = urls[index]
  const where = url === undefined ? '' : `${target(url)}${trust(config, index, url)}${proof(config, index)}`
  return [`  ${command} sub${where} -t 'hello/#' -v`, `  ${command} pub${where} -t hello/world -m 'It works'`]
}

/** The place of the listener that needs the shortest command. */
function easiest(urls: readonly string[]): number {
  const transports = urls.map(transportOf)
  const at = transports.indexOf('tcp')
  return at >= 0 ? at : Math.max(0, transports.indexOf('unix'))
}

/** The arguments that lead a client on this machine to a listener. */
function target(url: string): string {
  const address = parseListenAddress(url)
  if (typeof address === 'string') return ` -L ${url}`
  if (address.transport === 'unix') return ` --unix ${address.path}`
  const { host, port } = address
  const anywhere = ['::', '', '0.0.0.0'].includes(host)
  if (address.transport === 'tcp')
    return `${anywhere || host === '127.0.0.1' || host === 'localhost' ? '' : ` -h ${host}`}${port === 1883 ? '' : ` -p ${port}`}`
  return ` -L ${anywhere ? url.replace(/\/\/(\[[^\]]*\]|[^:/]*)/, '//localhost') : url}`
}

/** What makes a client trust a certificate that the broker made for itself. */
function trust({ ca, listeners }: Config, index: number, url: string): string {
  const secure = ['tls', 'wss'].includes(transportOf(url))
  return secure && listeners[index]?.tls?.certificate === undefined
    ? ` --cafile ${join(ca.path, AuthorityFile.bundle)}`
    : ''
}

/** The arguments with which a client proves who it is. */
function proof(config: Config, index: number): string {
  const listener = config.listeners[index]
  if (listener === undefined) return ''
  const asked = authenticatorsOf(config, listener)
  const ways = config.authenticators.filter((each) => asked.includes(authenticatorName(each)))
  const looking = ways.filter(({ certificate, devices }) => certificate !== undefined || devices !== undefined)
  const required = listener.tls?.clientCertificate === 'require'
  const shows = required || (looking.length > 0 && looking.length === ways.length)
  const says = !allowsAnonymous(config, listener) && !(shows && looking.length > 0)
  return `${shows ? ' --cert NAME.pem --key NAME.key' : ''}${says ? ' -u NAME -P PASSWORD' : ''}`
}

function transportOf(url: string): string {
  const address = parseListenAddress(url)
  return typeof address === 'string' ? '' : address.transport
}

function isLocal(url: string): boolean {
  const address = parseListenAddress(url)
  return typeof address !== 'string' && isLoopback(address)
}
