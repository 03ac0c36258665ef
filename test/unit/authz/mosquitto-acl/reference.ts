import { naivelyMatches } from './kit.ts'

export interface Asker {
  readonly user: string | null
  readonly id: string
}

interface Entry {
  readonly access: string
  readonly filter: string
}

/**
 * What an access control file of Mosquitto lets somebody read or write, step by step as its documentation says it, without
 * any haste. The file has no mistakes.
 */
export function referenceAllows(file: string, asker: Asker, access: 'read' | 'write', topic: string): boolean {
  const { users, patterns } = take(file)
  const own = users.filter(({ user }) => user === asker.user)
  const byOwn = firstOf(own, access, (filter) => naivelyMatches(filter, topic))
  if (byOwn !== null) return byOwn
  if (patterns.length > 0 && [asker.user ?? '', asker.id].some((name) => /[+#]/.test(name))) return false
  const usable = patterns.filter(({ filter }) => asker.user !== null || !filter.includes('%u'))
  return firstOf(usable, access, (filter) => patternMatches(filter, asker, topic)) ?? false
}

function take(file: string): { users: (Entry & { readonly user: string | null })[]; patterns: Entry[] } {
  const users: (Entry & { readonly user: string | null })[] = []
  const patterns: Entry[] = []
  let user: string | null = null
  for (const line of file.split('\n')) {
    const [, word = '', rest = ''] = /^(topic|pattern|user) +(.*?)\s*$/.exec(line) ?? []
    const [, access = 'readwrite', filter = ''] = /^(?:(read|write|readwrite|deny) +)?(.*)$/.exec(rest) ?? []
    if (word === 'user') user = rest
    if (word === 'topic') users.push({ user, access, filter })
    if (word === 'pattern') patterns.push({ access, filter })
  }
  return { users, patterns }
}

function firstOf(entries: readonly Entry[], asked: string, about: (filter: string) => boolean): boolean | null {
  const matching = entries.filter(({ filter }) => about(filter))
  if (matching.some(({ access }) => access === 'deny')) return false
  return matching.some(({ access }) => access.includes(asked)) ? true : null
}

function patternMatches(filter: string, { user, id }: Asker, topic: string): boolean {
  if (topic.startsWith('$') && !filter.startsWith('$')) return false
  const values = filter.split('/').map((level) => (level === '%c' ? id : level === '%u' ? (user ?? '') : null))
  if (values.some((value) => value !== null && (value === '' || /[+#/\0]/.test(value)))) return false
  const filled = filter.split('/').map((level, index) => values[index] ?? level)
  // The dollar rule was looked at: here it must not see what a variable stands for.
  return naivelyMatches(['x', ...filled].join('/'), `x/${topic}`)
}
