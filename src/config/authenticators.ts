import { methods } from './authentication-schema.ts'
import { patternMistake } from './client-id-pattern.ts'
import { checkHttpAuthentication } from './http-authentication-check.ts'
import type { Problem } from './problem.ts'
import type { AuthenticatorConfig, Config, ListenerConfig } from './schema.ts'
import { didYouMean } from './suggest.ts'
import { checkToken } from './token-check.ts'

type Method = keyof typeof methods

const words = Object.keys(methods).filter(isMethod)

/** The section an authenticator of a valid configuration has. */
function methodOf(authenticator: AuthenticatorConfig): Method {
  return words.find((method) => authenticator[method] !== undefined) ?? 'password'
}

/** What listeners call an authenticator. */
export function authenticatorName(authenticator: AuthenticatorConfig): string {
  return authenticator.name ?? methodOf(authenticator)
}

/** The names of the authenticators that clients of a listener are asked by, in order. */
export function authenticatorsOf(config: Pick<Config, 'authenticators'>, listener: ListenerConfig): readonly string[] {
  return listener.authenticators ?? config.authenticators.map(authenticatorName)
}

/** What is wrong with the authenticators beyond the form of each value. */
export function checkAuthenticators(config: Config): Problem[] {
  const problems = config.authenticators.flatMap((authenticator, index) =>
    checkSections(authenticator).map(({ path, message }) => ({
      path: ['authenticators', index, ...path],
      key: null,
      message,
    })),
  )
  if (problems.length > 0) return problems
  return [...checkNames(config), ...checkReferences(config), ...checkClientIds(config)]
}

function checkClientIds({ authentication }: Config): Problem[] {
  return authentication.clientIds.flatMap((pattern, index) => {
    const message = patternMistake(pattern)
    return message === null ? [] : [{ path: ['authentication', 'clientIds', index], key: null, message }]
  })
}

function checkSections(authenticator: AuthenticatorConfig): Pick<Problem, 'path' | 'message'>[] {
  const given = words.filter((method) => authenticator[method] !== undefined)
  if (given.length !== 1) {
    const message = `needs exactly one of the sections ${words.join(', ')}, not ${given.length === 0 ? 'none' : given.join(' and ')}`
    return [{ path: [], message }]
  }
  const { token, http } = authenticator
  return [
    ...(token === undefined ? [] : within('token', checkToken(token))),
    ...(http === undefined ? [] : within('http', checkHttpAuthentication(http))),
  ]
}

function within(section: Method, problems: readonly Problem[]): Problem[] {
  return problems.map((problem) => ({ ...problem, path: [section, ...problem.path] }))
}

function checkNames({ authenticators }: Config): Problem[] {
  const names = authenticators.map(authenticatorName)
  return names.flatMap((name, index) => {
    if (names.indexOf(name) === index) return []
    const message = `has the name "${name}" of another: give each a name of its own`
    return [{ path: ['authenticators', index], key: null, message }]
  })
}

function checkReferences({ authenticators, listeners }: Config): Problem[] {
  const names = authenticators.map(authenticatorName)
  return listeners.flatMap((listener, index) =>
    (listener.authenticators ?? []).flatMap((name, place) => {
      if (names.includes(name)) return []
      const message = `names no authenticator: "${name}"${didYouMean(name, names)}`
      return [{ path: ['listeners', index, 'authenticators', place], key: null, message }]
    }),
  )
}

function isMethod(word: string): word is Method {
  return Object.hasOwn(methods, word)
}
