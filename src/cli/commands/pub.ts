import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import type { IClientPublishOptions, MqttClient } from 'mqtt'
import { type Dialled, dial, reason } from '../client/dial.ts'
import { addClientOptions, type ClientOptions } from '../client/options.ts'
import { type PayloadSource, payloadsOf } from '../client/payloads.ts'
import { type ClientPlan, planOf } from '../client/plan.ts'
import { someSeconds, wholeNumber } from '../client/values.ts'
import { Failure, quietly, usageExitCode } from '../failure.ts'

interface PublishOptions extends ClientOptions, PayloadSource {
  readonly retain?: boolean
  readonly repeat: number
  readonly repeatDelay: number
  readonly maxInflight: number
}

const examples = `
Examples:
  petaltail pub -t sensors/hall -m 21.5
  petaltail pub -t sensors/hall -n -r                                   clear a retained message
  petaltail pub -h broker.example.org --cafile ca.pem -t a -f photo.jpg -q 1
  petaltail pub -L mqtt://user:secret@broker.example.org/a/b -m hello
  petaltail pub -t a -m '{}' -D publish content-type application/json -D publish user-property unit C
  tail -f log | petaltail pub -t logs/host1 -l`

export function publishCommand(): Command {
  const command = addClientOptions(new Command('pub').description('publish messages'))
  command.option('-m, --message <text>', 'payload')
  command.option('-f, --file <file>', 'payload is the content of a file')
  command.option('-s, --stdin-file', 'payload is all of standard input')
  command.option('-l, --stdin-line', 'each line of standard input is a message')
  command.option('-n, --null-message', 'empty payload')
  command.option('-r, --retain', 'the message is retained')
  command.option('-M, --max-inflight <count>', 'messages sent and not yet acknowledged', wholeNumber(1, 65_535), 20)
  command.option('--repeat <count>', 'publish this often', wholeNumber(1, 4_294_967_295), 1)
  command.option('--repeat-delay <seconds>', 'time between repetitions', someSeconds, 0)
  return command.addHelpText('after', examples).action((options: PublishOptions) => quietly(options, publish(options)))
}

async function publish(options: PublishOptions): Promise<void> {
  const plan = planOf(options, 'pub', process.env)
  const payloads = payloadsOf(options, process.stdin)
  const topic = topicOf(plan)
  const dialled = await dial(plan, 0, () => {})
  try {
    await Promise.race([publishAll(dialled.client, topic, payloads, options, plan), dialled.lost])
  } finally {
    await finish(dialled)
  }
}

async function publishAll(
  client: MqttClient,
  topic: string,
  payloads: AsyncIterable<Buffer> | Iterable<Buffer>,
  options: PublishOptions,
  plan: ClientPlan,
): Promise<void> {
  const { qos, retain = false, repeat, repeatDelay } = options
  const settings = { qos, retain, ...(options.protocolVersion === 5 ? { properties: plan.properties.publish } : {}) }
  const underway = new Set<Promise<void>>()
  const said = reasonStrings(client)
  for await (const payload of payloads) {
    for (let time = 0; time < repeat; time++) {
      if (time > 0 && repeatDelay > 0) await delay(repeatDelay * 1_000)
      const sent = publishOne(client, topic, payload, settings, said)
      underway.add(sent)
      sent.then(
        () => underway.delete(sent),
        () => {},
      )
      if (underway.size >= options.maxInflight) await Promise.race(underway)
    }
  }
  await Promise.all(underway)
}

/** The reason string of the last acknowledgement, which the client library keeps to itself. */
function reasonStrings(client: MqttClient): () => string | undefined {
  let last: string | undefined
  client.on('packetreceive', (packet) => {
    if (packet.cmd === 'puback' || packet.cmd === 'pubrec') last = packet.properties?.reasonString
  })
  return () => last
}

async function publishOne(
  client: MqttClient,
  topic: string,
  payload: Buffer,
  settings: IClientPublishOptions,
  said: () => string | undefined,
): Promise<void> {
  try {
    await client.publishAsync(topic, payload, settings)
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'number') {
      throw new Failure(`the broker refused the message: ${reason(error.code, said())}`)
    }
    throw new Failure(error instanceof Error ? error.message : String(error))
  }
}

function topicOf({ topics, properties }: ClientPlan): string {
  const [topic] = topics
  if (topics.length > 1) throw new Failure('-t: one topic only', usageExitCode)
  if (topic === undefined && properties.publish.topicAlias !== undefined)
    throw new Failure('a topic alias needs a topic: -t', usageExitCode)
  if (topic === undefined || topic === '') throw new Failure('say where to publish: -t topic', usageExitCode)
  if (/[+#]/.test(topic)) throw new Failure(`-t: ${topic} has a wildcard; those are for "petaltail sub"`, usageExitCode)
  return topic
}

/** After a failure the connection may be gone; what went wrong has been said. */
async function finish(dialled: Dialled): Promise<void> {
  if (dialled.client.connected) await dialled.close()
  else dialled.client.end(true)
}
