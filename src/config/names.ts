/** `maximumPacketSize` is written `maximum_packet_size` in a file. */
export function fileName(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** `maximumPacketSize` is written `MAXIMUM_PACKET_SIZE` in the environment. */
export function environmentName(option: string): string {
  return fileName(option).toUpperCase()
}

/** A place in the configuration, from the top: names as the program has them, and positions in lists. */
export type Path = readonly (string | number)[]

/** `['listeners', 0, 'connectTimeout']` is written `listeners[0].connect_timeout`. */
export function pathText(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else text += text === '' ? fileName(step) : `.${fileName(step)}`
  }
  return text
}
