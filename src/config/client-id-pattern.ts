/** What a pattern of client identifiers has where the name of the identity goes. */
export const nameVariable = '{name}'

/** What is wrong with a pattern of client identifiers, or null. */
export function patternMistake(pattern: string): string | null {
  if (pattern === '') return 'must not be empty'
  if (/[{}]/.test(pattern.replaceAll(nameVariable, '')))
    return `may have braces in {name} only: ${JSON.stringify(pattern)}`
  return null
}
