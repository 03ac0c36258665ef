const maximumBytes = 65_535

/** Why a text cannot be the name of a user, or null. */
export function flawOfName(name: string): string | null {
  if (name === '') return 'a user name must not be empty'
  if (Buffer.byteLength(name) > maximumBytes) return `a user name has ${maximumBytes} bytes at the most`
  if (name.includes(':')) return 'a user name must not have a ":"'
  if (/\p{Cc}/u.test(name)) return 'a user name must not have control characters'
  if (name.startsWith('#')) return 'a user name must not begin with "#"'
  if (name !== name.trim()) return 'a user name must not begin or end with blanks'
  return name.isWellFormed() ? null : 'a user name must be Unicode text'
}

/** A name in a message: quoted, and not longer than a message may be. */
export function shownName(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name)
}
