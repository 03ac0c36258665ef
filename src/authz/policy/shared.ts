/** What there is for a key, made when it is asked for first: what files say again and again is one object. */
export function shared<Value>(known: Map<string, Value>, key: string, make: (key: string) => Value): Value {
  let value = known.get(key)
  if (value === undefined) {
    value = make(key)
    known.set(key, value)
  }
  return value
}
