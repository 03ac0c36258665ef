/** What a rule of a file says, its words checked, its topics and conditions not yet understood. */
export interface RuleSpec {
  readonly name: string | null
  readonly effect: 'allow' | 'deny'
  readonly actions: readonly ActionWord[]
  /** Null for all topics. */
  readonly topics: readonly string[] | null
  /** The key they are given with. */
  readonly topicsKey: 'topic' | 'topics'
  readonly who: WhoSpec
  /** The rule is not about clients for which all of this is true. */
  readonly unless: WhoSpec | null
  readonly qos: 0 | 1 | 2 | null
  readonly retain: boolean | null
  readonly maximumSubscribers: number
}

export const actionWords = ['connect', 'publish', 'subscribe', 'receive', 'will', 'retain'] as const
export type ActionWord = (typeof actionWords)[number]

/** Conditions by what they are about; those that are left out are null. */
export interface WhoSpec {
  readonly lists: readonly ListSpec[]
  readonly anonymous: boolean | null
  readonly attributes: readonly AttributeSpec[]
  readonly certificate: readonly CertificateSpec[]
  readonly matches: readonly MatchSpec[]
}

export const listFacts = ['user', 'client', 'role', 'group', 'listener', 'address', 'method'] as const
export type ListFact = (typeof listFacts)[number]

/** One of these. Lists that come from the same set are the same object. */
export interface ListSpec {
  readonly fact: ListFact
  readonly values: readonly string[]
  readonly at: SpecPlace
}

export interface AttributeSpec {
  readonly attribute: string
  readonly test: string | number | readonly (string | number)[]
  readonly at: SpecPlace
}

export const certificateFields = [
  'subject',
  'common_name',
  'issuer',
  'dns',
  'uri',
  'email',
  'address',
  'serial',
  'sha1',
  'sha256',
] as const
export type CertificateField = (typeof certificateFields)[number]

export interface CertificateSpec {
  readonly field: CertificateField
  readonly values: readonly string[]
  readonly at: SpecPlace
}

export const matchFacts = ['user', 'client', 'common_name'] as const
export type MatchFact = (typeof matchFacts)[number]

export interface MatchSpec {
  readonly fact: MatchFact
  readonly expression: string
  readonly at: SpecPlace
}

/** Where something stands: a section of the rule, and a key in it. */
export interface SpecPlace {
  readonly section: readonly string[]
  readonly key: string
}
