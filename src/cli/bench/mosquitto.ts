import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { Failure } from '../failure.ts'
import type { Charge } from './keeper-messages.ts'
import { type RunningBroker, startBroker } from './running-broker.ts'

const attempts = 3

/** Lines added to the configuration for each way it is measured in. */
export type Persistence = readonly string[]

export const inMemory: Persistence = ['persistence false']

const persistent: Persistence = [
  'persistence true',
  'persistence_location {folder}/',
  // Started by root it would become another user, who may not write to that folder: nothing would be kept, silently.
  `user ${userInfo().username}`,
]

/** As its manual leaves it: written every half an hour and at the end. */
export const savedNowAndThen: Persistence = [...persistent, 'autosave_interval 1800']

/** The safest it can be told to be: everything it holds is written again whenever something changed. */
export const savedOnChanges: Persistence = [...persistent, 'autosave_on_changes true', 'autosave_interval 1']

// Another user could not read the files.
const ownFiles: Persistence = [...inMemory, `user ${userInfo().username}`]

/** With the certificate `cert.pem` and its key `key.pem`. */
export const encrypted: Persistence = [...ownFiles, 'certfile {folder}/cert.pem', 'keyfile {folder}/key.pem']

/** With `users` and the rules in `acl`. */
export const ruled: Persistence = [
  ...ownFiles,
  'allow_anonymous false',
  'password_file {folder}/users',
  'acl_file {folder}/acl',
]

/** Where Mosquitto is, and which version it says it is; null when it is not installed. */
export function findMosquitto(): { readonly command: string; readonly version: string } | null {
  const command = findProgram('mosquitto')
  if (command === null) return null
  const version = /version (\S+)/.exec(spawnSync(command, ['-h'], { encoding: 'utf8' }).stdout)?.[1]
  return { command, version: version ?? 'unknown version' }
}

export async function startMosquitto(
  command: string,
  persistence: Persistence,
  files: Charge['files'] = {},
): Promise<RunningBroker> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const all = { 'mosquitto.conf': configuration(port, persistence), ...files }
    try {
      return await startBroker('mosquitto', { command, args: ['-c', '{folder}/mosquitto.conf'], files: all }, port)
    } catch (error) {
      // Somebody may have taken the port between looking and listening.
      if (!(error instanceof Failure) || attempt === attempts) throw error
    }
  }
}

function configuration(port: number, persistence: Persistence): string {
  return [
    `listener ${port} 127.0.0.1`,
    ...(persistence === ruled ? [] : ['allow_anonymous true']),
    'max_queued_messages 0',
    'max_inflight_messages 0',
    'max_queued_bytes 0',
    'set_tcp_nodelay true',
    'log_dest none',
    ...persistence,
    '',
  ].join('\n')
}

function findProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin']
  const names = process.platform === 'win32' ? [`${name}.exe`] : [name]
  const files = folders.flatMap((folder) => names.map((file) => join(folder, file)))
  return files.find(isExecutable) ?? null
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
