import { Cursor } from './cursor.ts'
import { varintLength, writeVarint } from './encode-publish.ts'
import { Place, type Properties, readProperties } from './properties.ts'
import { Property } from './property.ts'

/**
 * Encodes the properties of a will, or of a message from this process, as PUBLISH packets carry them on to receivers:
 * without expiry and alias, which belong to each hop. Null when there are none.
 */
export function encodePassedProperties(properties: Properties): Buffer | null {
  const parts: Buffer[] = []
  if (properties.payloadFormatIndicator !== undefined)
    parts.push(Buffer.from([Property.PayloadFormatIndicator, properties.payloadFormatIndicator]))
  if (properties.contentType !== undefined) parts.push(field(Property.ContentType, Buffer.from(properties.contentType)))
  if (properties.responseTopic !== undefined)
    parts.push(field(Property.ResponseTopic, Buffer.from(properties.responseTopic)))
  if (properties.correlationData !== undefined) parts.push(field(Property.CorrelationData, properties.correlationData))
  for (const [name, value] of properties.userProperties ?? []) {
    parts.push(field(Property.UserProperty, Buffer.from(name)), prefixed(Buffer.from(value)))
  }
  return parts.length === 0 ? null : Buffer.concat(parts)
}

function field(id: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([id]), prefixed(value)])
}

function prefixed(value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([value.length >> 8, value.length & 0xff]), value])
}

/** Takes apart what `encodePassedProperties` encodes, or a client sent in its PUBLISH. */
export function decodePassedProperties(encoded: Buffer | null): Properties {
  const properties: Properties = {}
  if (encoded === null) return properties
  const prefix = Buffer.alloc(varintLength(encoded.length))
  writeVarint(prefix, 0, encoded.length)
  const bytes = Buffer.concat([prefix, encoded])
  readProperties(new Cursor().reset(bytes, 0, bytes.length), Place.Will, properties, Number.POSITIVE_INFINITY)
  return properties
}
