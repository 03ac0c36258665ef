import { BrokerError } from '../base/errors.ts'
import type { Position } from './document.ts'

const shownMistakes = 20

interface Mistake {
  readonly file: string
  readonly position: Position
  readonly message: string
}

/** What is wrong with files of rules, a line for each mistake. */
export class RuleMistakes {
  readonly #mistakes: Mistake[] = []
  #count = 0

  /** There are so many that looking for more is of no use. */
  get enough(): boolean {
    return this.#count >= shownMistakes
  }

  add(file: string, position: Position, message: string): void {
    if (this.#count++ < shownMistakes) this.#mistakes.push({ file, position, message })
  }

  /** @throws BrokerError ACCESS_INVALID when there was a mistake. */
  check(): void {
    if (this.#count === 0) return
    const inFile = ({ position: { line, column } }: Mistake) => line * 1e6 + Math.min(column, 999_999)
    const sorted = this.#mistakes.toSorted((a, b) => (a.file === b.file ? inFile(a) - inFile(b) : 0))
    const lines = sorted.map(({ file, position, message }) => `${file}:${position.line}:${position.column}: ${message}`)
    const more = this.#count - lines.length
    throw new BrokerError('ACCESS_INVALID', [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'))
  }
}
