import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Files } from './token-kit.ts'

/** For `test(…, { skip })`. */
export const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'the openssl program is not installed'

/** Makes a certificate for localhost that is valid from now for a day, and its key, in PEM. */
export function selfSigned(files: Files): {
  readonly path: string
  readonly certificate: string
  readonly key: string
} {
  const path = files.path('localhost.crt')
  const kind = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost'
  const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', files.path('localhost.key'), '-out', path]
  const { status, stderr } = spawnSync('openssl', [...kind.split(' '), ...names])
  if (status !== 0) throw new Error(stderr.toString())
  return { path, certificate: readFileSync(path, 'utf8'), key: readFileSync(files.path('localhost.key'), 'utf8') }
}
