import type { AccessConfig } from '../config/schema.ts'

/** Forms of files with rules, as sources of a configuration are called. */
export const policyKinds = ['rules', 'mosquitto_acl', 'ordered_rules', 'topic_spaces', 'role_patterns'] as const
export type PolicyKind = (typeof policyKinds)[number]

/** Which form of rules a file has, where it does not show. */
export interface PolicyForm {
  readonly as?: PolicyKind
}

type Source = AccessConfig['sources'][number]

/** The source of a configuration that has nothing but one file. */
export function sourceOf(kind: PolicyKind, file: string): Source {
  switch (kind) {
    case 'rules':
      return { rules: { file } }
    case 'mosquitto_acl':
      return { mosquittoAcl: { file } }
    case 'ordered_rules':
      return { orderedRules: { file } }
    case 'role_patterns':
      return { rolePatterns: { file } }
    case 'topic_spaces':
      return { topicSpaces: { files: [file], fanoutChecks: false } }
  }
}
