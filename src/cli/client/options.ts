import { type Command, Option } from 'commander'
import { protocolVersion, qosLevel, repeated, sessionExpiry, wholeNumber } from './values.ts'

/** The options `pub` and `sub` share, as commander gives them. */
export interface ClientOptions {
  readonly host: string
  readonly port?: number
  readonly unix?: string
  readonly url?: string
  readonly ws?: boolean
  readonly wsPath?: string
  readonly topic?: readonly string[]
  readonly qos: 0 | 1 | 2
  readonly id?: string
  readonly idPrefix?: string
  readonly username?: string
  readonly pw?: string
  readonly keepalive: number
  readonly disableCleanSession?: boolean
  readonly sessionExpiryInterval?: number
  readonly protocolVersion: 3 | 4 | 5
  readonly property?: readonly string[]
  readonly willTopic?: string
  readonly willPayload?: string
  readonly willQos: 0 | 1 | 2
  readonly willRetain?: boolean
  readonly cafile?: string
  readonly capath?: string
  readonly cert?: string
  readonly key?: string
  readonly keyPassword?: string
  readonly insecure?: boolean
  readonly tlsAlpn?: string
  readonly tlsVersion?: 'tlsv1.2' | 'tlsv1.3'
  readonly ciphers?: string
  readonly tlsUseOsCerts?: boolean
  readonly bind?: string
  readonly debug?: boolean
  readonly quiet?: boolean
}

/** Adds the options that `pub` and `sub` share, in the letters users of mosquitto_pub and mosquitto_sub know. */
export function addClientOptions(command: Command): Command {
  command.helpOption('--help', 'print this help').allowExcessArguments(false)
  for (const option of [...targetOptions(), ...sessionOptions(), ...willOptions(), ...securityOptions()])
    command.addOption(option)
  return command
}

function targetOptions(): Option[] {
  return [
    new Option('-h, --host <host>', 'host name or address').env('MQTT_HOST_NAME').default('localhost'),
    new Option('-p, --port <port>', 'port (1883; 8883 with TLS; 8083 and 8084 for WebSocket)')
      .env('MQTT_TCP_PORT')
      .argParser(wholeNumber(1, 65_535)),
    new Option('-L, --url <url>', 'mqtt(s)://[user[:password]@]host[:port]/topic, or ws(s)://host[:port]/path'),
    new Option('--unix <path>', 'connect to a unix socket'),
    new Option('--ws', 'connect by WebSocket'),
    new Option('--ws-path <path>', 'path of the WebSocket (/mqtt)'),
    new Option('-A, --bind <address>', 'local address to connect from'),
    new Option('-t, --topic <topic>', 'topic; may be repeated').argParser(repeated),
    new Option('-q, --qos <level>', 'quality of service: 0, 1 or 2').default(0).argParser(qosLevel),
  ]
}

function sessionOptions(): Option[] {
  return [
    new Option('-i, --id <id>', 'client identifier').env('MQTT_CLIENT_ID'),
    new Option('-I, --id-prefix <prefix>', 'client identifier is this prefix and the process id'),
    new Option('-c, --disable-clean-session', 'continue the session of this client identifier, and keep it'),
    new Option(
      '-x, --session-expiry-interval <seconds>',
      'how long the session is kept; -1 for ever (MQTT 5)',
    ).argParser(sessionExpiry),
    new Option('-k, --keepalive <seconds>', 'keep alive')
      .env('MQTT_KEEP_ALIVE_IN_SECONDS')
      .default(60)
      .argParser(wholeNumber(0, 65_535)),
    new Option('-V, --protocol-version <version>', 'mqttv31, mqttv311 or mqttv5')
      .default(5, 'mqttv5')
      .argParser(protocolVersion),
    new Option(
      '-D, --property <packet name value...>',
      'MQTT 5 property; user-property has a name and a value',
    ).argParser(repeated),
    new Option('-o, --options-file <file>', 'read options from a file, one a line'),
    new Option('-d, --debug', 'tell on standard error what happens'),
    new Option('--quiet', 'print no errors'),
  ]
}

function willOptions(): Option[] {
  return [
    new Option('--will-topic <topic>', 'topic of the will'),
    new Option('--will-payload <text>', 'payload of the will'),
    new Option('--will-qos <level>', 'quality of service of the will').default(0).argParser(qosLevel),
    new Option('--will-retain', 'the will is retained'),
  ]
}

function securityOptions(): Option[] {
  return [
    new Option('-u, --username <name>', 'user name').env('MQTT_USERNAME'),
    new Option('-P, --pw <password>', 'password').env('MQTT_PASSWORD'),
    new Option('--cafile <file>', 'PEM file of the authorities to trust; means TLS').env('MQTT_CA_FILE'),
    new Option('--capath <folder>', 'folder with PEM files of such authorities; means TLS'),
    new Option('--cert <file>', 'PEM file of the client certificate').env('MQTT_CERT_FILE'),
    new Option('--key <file>', 'PEM file of its private key').env('MQTT_KEY_FILE'),
    new Option('--key-password <password>', 'password of the private key').env('MQTT_KEY_FILE_PASSWORD'),
    new Option('--tls-use-os-certs', 'trust the authorities of the operating system; means TLS'),
    new Option('--tls-alpn <protocol>', 'application protocol to ask for'),
    new Option('--tls-version <version>', 'the one TLS version to speak').choices(['tlsv1.2', 'tlsv1.3']),
    new Option('--ciphers <list>', 'cipher suites, in the form of OpenSSL'),
    new Option('--insecure', 'do not check the name in the certificate of the broker'),
  ]
}
