/** How a figure is shown. */
export interface FigureKind {
  readonly name: string
  readonly title: string
  readonly show: (value: number) => string
  /** Whether a larger value is the better one. */
  readonly more: boolean
}

const perSecond = (value: number): string => Math.round(value).toLocaleString('en')
const micros = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0))
const latency = (value: number): string =>
  value < 1_000 ? `${value.toFixed(0)} µs` : `${(value / 1_000).toFixed(1)} ms`
const mebibytes = (value: number): string => `${(value / 1_048_576).toFixed(1)} MiB`
const bytes = (value: number): string => `${Math.round(value).toLocaleString('en')} B`
const count = (value: number): string => value.toLocaleString('en')
const share = (value: number): string => value.toFixed(2)

const figure = (name: string, title: string, show: FigureKind['show'], more = false): FigureKind => ({
  name,
  title,
  show,
  more,
})

/** Every figure that is shown, in the order of the columns; a scenario shows those it has. CPU is the broker's, in µs. */
export const figureKinds: readonly FigureKind[] = [
  figure('subscribeRate', 'subscribes/s', perSecond, true),
  figure('subscribeCpu', 'CPU µs/subscribe', micros),
  figure('storeRate', 'stored/s', perSecond, true),
  figure('storeCpu', 'CPU µs/stored', micros),
  figure('replayRate', 'replayed/s', perSecond, true),
  figure('replayCpu', 'CPU µs/replayed', micros),
  figure('canaryLongest', 'longest stall of others', latency),
  figure('queueRate', 'queued/s', perSecond, true),
  figure('queueCpu', 'CPU µs/queued', micros),
  figure('drainRate', 'drained/s', perSecond, true),
  figure('drainCpu', 'CPU µs/drained', micros),
  figure('compile', 'CPU of compiling', latency),
  figure('firstCpu', 'CPU µs/first decision', micros),
  figure('rate', 'per second', perSecond, true),
  figure('cpu', 'CPU µs each', micros),
  figure('p50', 'p50', latency),
  figure('p99', 'p99', latency),
  figure('rss', 'RSS', mebibytes),
  figure('rssEach', 'RSS each', bytes),
  figure('idleCpu', 'idle CPU µs/s', micros),
  figure('lost', 'lost', count),
  figure('duplicates', 'twice', count),
  figure('reordered', 'reordered', count),
  figure('otherLoad', 'other load', share),
]

/** The figures two brokers are compared by. */
export const comparedFigures: readonly string[] = [
  'cpu',
  'subscribeCpu',
  'storeCpu',
  'replayCpu',
  'queueCpu',
  'drainCpu',
  'p99',
  'rssEach',
]

/** A ratio, as text. */
export function shownRatio(value: number): string {
  return value < 0.1 ? value.toFixed(3) : value.toFixed(2)
}

/** The kind of the figure `name`; a figure unknown here is shown as it is. */
export function kindOf(name: string): FigureKind {
  return figureKinds.find((kind) => kind.name === name) ?? figure(name, name, String)
}
