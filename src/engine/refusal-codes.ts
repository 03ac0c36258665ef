import { Reason } from '../packet/reason.ts'

/** The reason DISCONNECT has for what only CONNACK has a reason of its own for [MQTT 3.14.2.1]. */
export function afterConnect(reason: Reason): Reason {
  switch (reason) {
    case Reason.ServerUnavailable:
      return Reason.ServerBusy
    case Reason.ClientIdentifierNotValid:
    case Reason.BadUserNameOrPassword:
    case Reason.Banned:
      return Reason.NotAuthorized
    default:
      return reason
  }
}

/** The return code of MQTT 3 for a refusal, 0 where none fits and the connection is closed without one [MQTT3-3.2.2-6]. */
export function returnCode(reason: Reason): number {
  switch (reason) {
    case Reason.UnsupportedProtocolVersion:
      return 1
    case Reason.ClientIdentifierNotValid:
      return 2
    case Reason.ServerUnavailable:
    case Reason.ServerBusy:
    case Reason.ServerShuttingDown:
    case Reason.QuotaExceeded:
    case Reason.ConnectionRateExceeded:
      return 3
    case Reason.BadUserNameOrPassword:
      return 4
    case Reason.NotAuthorized:
    case Reason.Banned:
    case Reason.BadAuthenticationMethod:
      return 5
    default:
      return 0
  }
}
