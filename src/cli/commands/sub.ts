import { Command } from 'commander'
import { addClientOptions } from '../client/options.ts'
import type { SubscribeOptions } from '../client/subscribe.ts'
import { repeated, someSeconds, wholeNumber } from '../client/values.ts'
import { quietly } from '../failure.ts'

const examples = `
Formats (-F): %t topic, %p payload, %x payload in hexadecimal, %l its length, %q QoS, %r retained, %m packet identifier,
  %j all as JSON (%J with a JSON payload), %I ISO time, %U Unix time, %A topic alias, %C content type, %D correlation
  data, %E message expiry, %F payload format, %P user properties, %R response topic, %S subscription identifier, %%;
  @H:@M:@S and the other letters of strftime after an @; \\n \\t \\0 \\e \\\\. Fields take -, 0 and widths: %-20t %08l.

Examples:
  petaltail sub -t 'sensors/#' -v
  petaltail sub -t 'sensors/+/temperature' -q 1 -i dashboard -c         with a session that is kept
  petaltail sub -t '#' -F '@H:@M:@S %t %p'
  petaltail sub -t '$share/workers/jobs' -C 1                           take one message and stop
  petaltail sub -t 'old/#' --remove-retained --retained-only -W 5       clear retained messages`

export function subscribeCommand(): Command {
  const command = addClientOptions(new Command('sub').description('subscribe, and print what is published'))
  command.option('-C, --count <messages>', 'stop after this many messages', wholeNumber(1, 4_294_967_295))
  command.option('-W, --timeout <seconds>', 'stop after this time, with exit code 27', someSeconds)
  command.option('-v, --verbose', 'print topic and payload')
  command.option('-F, --format <format>', 'print in this format; see below')
  command.option('-N, --no-newline', 'no end of line after each message')
  command.option('-R, --skip-retained', 'do not print retained messages')
  command.option('-T, --filter-out <filter>', 'do not print messages of these topics; may be repeated', repeated)
  command.option('--retained-only', 'print retained messages, and stop at the first other')
  command.option('--remove-retained', 'clear the retained messages that are received')
  command.option('--retain-as-published', 'see how messages were published, retained or not (MQTT 5)')
  command.option('-U, --unsubscribe <filter>', 'unsubscribe from this filter; may be repeated', repeated)
  command.option('-E, --exit-after-subscribe', 'stop when the subscriptions are made')
  return command.addHelpText('after', examples).action(async (options: SubscribeOptions) => {
    const { subscribe } = await import('../client/subscribe.ts')
    await quietly(options, subscribe(options))
  })
}
