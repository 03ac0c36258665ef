// Runs Aedes the way its documentation does, for comparison: `petaltail bench --peers aedes` starts this file.
import { createServer } from 'node:net'
import { Aedes } from 'aedes'

const broker = await Aedes.createBroker({ maxInflightInbound: 0, drainTimeout: 0 })
const server = createServer({ noDelay: true }, broker.handle)

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) console.log(`mqtt://127.0.0.1:${address.port}`)
})
