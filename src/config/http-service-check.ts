import type { Problem } from './problem.ts'
import { isLoopbackUrl } from './token-check.ts'

/** A section about a web server that is asked, as far as its parts depend on each other. */
export interface HttpServiceSection {
  readonly url: string
  readonly headers: readonly { readonly name: string }[]
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
  readonly allowHttp: boolean
}

/** How the questions and answers of `contract: form` look. */
export interface FormSection {
  readonly body: 'form' | 'json'
  readonly reply: 'status' | 'json' | 'text'
}

/** What is wrong with the section beyond the form of each value. `secret` is what is in the questions. */
export function checkHttpService(section: HttpServiceSection, secret: string): Problem[] {
  return [...checkUrl(section, secret), ...checkHeaders(section)]
}

function checkUrl({ url: text, allowHttp, ca, certificate, key }: HttpServiceSection, secret: string): Problem[] {
  const url = URL.parse(text)
  const mistake = urlMistake(url, allowHttp, secret)
  if (url === null || mistake !== null) return [problem(['url'], mistake ?? 'is no URL')]
  const files = Object.entries({ ca, certificate, key }).filter(([, file]) => file !== undefined)
  if (url.protocol === 'http:') return files.map(([option]) => problem([option], 'is for https:// URLs only'))
  if ((certificate === undefined) === (key === undefined)) return []
  return [problem([certificate === undefined ? 'key' : 'certificate'], 'makes sense with certificate and key only')]
}

function urlMistake(url: URL | null, allowHttp: boolean, secret: string): string | null {
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'must be an https:// URL'
  if (url.username !== '' || url.password !== '')
    return 'must not have a user name or password in it: give the header Authorization, with its value in a file'
  if (url.hash !== '') return 'must not have a # in it'
  if (url.protocol === 'https:' || allowHttp || isLoopbackUrl(url)) return null
  return `must be an https:// URL: over http anybody on the way could read ${secret} (allow_http, if that is meant)`
}

/** Headers that belong to the request and not to whoever configures it. */
const reserved = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

function checkHeaders({ headers }: HttpServiceSection): Problem[] {
  const problems: Problem[] = []
  const seen = new Set<string>()
  headers.forEach(({ name }, index) => {
    const path = ['headers', index, 'name']
    const lower = name.toLowerCase()
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) problems.push(problem(path, 'is no name of a header'))
    else if (reserved.has(lower)) problems.push(problem(path, `must not be ${name}`))
    else if (seen.has(lower)) problems.push(problem(path, `is there twice: ${name}`))
    seen.add(lower)
  })
  return problems
}

/** What is wrong with options of a contract that has a form of its own: those that choose a form are not for it. */
export function checkFormOnly({ body, reply }: FormSection): Problem[] {
  const problems: Problem[] = []
  if (body !== 'form') problems.push(problem(['body'], 'is for contract: form only'))
  if (reply !== 'status') problems.push(problem(['reply'], 'is for contract: form only'))
  return problems
}

/** A mistake of the value at `path`. */
export function problem(path: readonly (string | number)[], message: string): Problem {
  return { path, key: null, message }
}
