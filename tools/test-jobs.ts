import { globSync, statSync } from 'node:fs'
import { relative } from 'node:path'

/** Test files that run in one process. */
export interface Job {
  readonly name: string
  readonly files: readonly string[]
  /** They run one after the other in the process; otherwise the only file is the process. */
  readonly shared: boolean
  /** The same files run once more with their brokers on disk: they prove nothing about the protocol again. */
  readonly onDisk: boolean
}

/** What starts no timer, no process and no thread that outlives its test may share a process. */
const sharing = [/^test\/wire\//, /^test\/(unit|kit)\//]
/** Wire tests that have a broker. */
const wire = /^test\/wire\/.+\//

/** The test files that match any of the patterns, all without one: a path, a folder, a glob or a part of a path. */
export function findFiles(patterns: readonly string[]): readonly string[] {
  const all = globSync('test/**/*.test.ts').sort()
  if (patterns.length === 0) return all
  const chosen = new Set(patterns.flatMap((pattern) => matching(pattern, all)))
  return all.filter((file) => chosen.has(file))
}

function matching(pattern: string, all: readonly string[]): readonly string[] {
  const path = relative('.', pattern)
  const known = statSync(path, { throwIfNoEntry: false })
  if (known?.isDirectory()) return all.filter((file) => file.startsWith(`${path}/`))
  if (known?.isFile()) return all.filter((file) => file === path)
  const globbed = new Set(globSync(pattern).map((file) => relative('.', file)))
  return all.filter((file) => globbed.has(file) || file.includes(pattern))
}

/** Divides files into jobs, the longest first. Where nothing is said of the store of wire tests, they run with both. */
export function divide(files: readonly string[], environment: NodeJS.ProcessEnv): readonly Job[] {
  const groups = sharing.map((rule) => files.filter((file) => rule.test(file))).filter((group) => group.length > 0)
  const alone = files.filter((file) => !sharing.some((rule) => rule.test(file)))
  return [
    ...groups.map((group) => ({ name: nameOf(group), files: group, shared: true, onDisk: false })),
    ...wireOnDisk(files, environment),
    ...alone.map((file) => ({ name: file, files: [file], shared: false, onDisk: false })),
  ]
}

function wireOnDisk(files: readonly string[], environment: NodeJS.ProcessEnv): readonly Job[] {
  const { PETALTAIL_WIRE_STORE: store, PETALTAIL_WIRE_TARGET: target } = environment
  const group = files.filter((file) => wire.test(file))
  if (group.length === 0 || store !== undefined || target !== undefined) return []
  return [{ name: `${nameOf(group)}, on disk`, files: group, shared: true, onDisk: true }]
}

function nameOf(files: readonly string[]): string {
  if (files.length === 1) return files[0]
  const folders = new Set(files.map((file) => file.split('/').slice(0, 2).join('/')))
  return `${[...folders].join(', ')} (${files.length} files)`
}
