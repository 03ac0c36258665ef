import type { Denial } from '../engine/ports.ts'
import { Reason } from '../packet/reason.ts'
import type { Attempt } from './throttle.ts'

/** What was found out about a client is why it is not let in. */
export function isDenial(found: object | null): found is Denial {
  return found !== null && 'reason' in found
}

/** Ends an attempt: only wrong credentials count as a failure of the client. */
export function end(attempt: Attempt, denial: Denial | null): void {
  if (denial === null || denial.reason === Reason.ClientIdentifierNotValid) attempt.succeeded()
  else if (denial.reason === Reason.BadUserNameOrPassword || denial.reason === Reason.NotAuthorized) attempt.failed()
  else attempt.abandoned()
}
