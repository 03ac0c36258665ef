import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Histogram } from '../../../src/cli/bench/histogram.ts'

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= expected * 0.02, `${actual} is not about ${expected}`)
}

test('percentiles are right to two percent over six orders of magnitude', () => {
  const histogram = new Histogram()
  for (let index = 1; index <= 100_000; index++) histogram.record(index / 1_000)
  near(histogram.percentile(0.5), 50)
  near(histogram.percentile(0.99), 99)
  near(histogram.percentile(0.0001), 0.01)
  assert.equal(histogram.largest, 100)
  assert.equal(histogram.total, 100_000)
})

test('a stall of many seconds is counted and not wrapped around', () => {
  const histogram = new Histogram()
  histogram.record(12_000)
  histogram.record(10_000_000)
  near(histogram.percentile(0.5), 12_000)
  assert.ok(histogram.percentile(1) > 200_000)
})

test('a negative latency, which clocks can produce, counts as none', () => {
  const histogram = new Histogram()
  histogram.record(-1)
  assert.equal(histogram.percentile(1), 0)
})

test('a histogram without values has no percentile', () => {
  assert.ok(Number.isNaN(new Histogram().percentile(0.5)))
})
