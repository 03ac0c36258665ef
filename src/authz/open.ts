import type { Authorizer, Verdict } from '../engine/ports.ts'

const allowed: Verdict = { allowed: true, why: 'no rules are configured' }

/** Allows everything: for brokers nobody but this machine can reach, until rules are given. */
export const openAuthorizer: Authorizer = { decide: () => allowed }
