import { hasFields } from './messages.ts'

/** What a keeper is to start. */
export interface Charge {
  readonly command: string
  /** `{folder}` stands for a fresh temporary folder, which goes when the broker does. */
  readonly args: readonly string[]
  /** Written into that folder first: name and content, where `{folder}` stands for the same. */
  readonly files: Readonly<Record<string, string>>
}

/** What a keeper tells of its broker. */
export type News =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'line'; readonly line: string }
  | { readonly kind: 'ended'; readonly why: string }

export function isCharge(value: unknown): value is Charge {
  return hasFields(value, ['command', 'args', 'files'])
}

export function isNews(value: unknown): value is News {
  return hasFields(value, ['kind']) && typeof value.kind === 'string'
}
