import { register, unregister } from './stand-ins/phones.mjs'
import './stand-ins/phone-modules.mjs'
import './stand-ins/phone-fetch.mjs'

let phones = 0

/**
 * Starts the published client as one phone. Phones that share `cloud` belong to one person, as with one iCloud account.
 * `cloud` maps item names to strings; `onOtherDeviceLogin` is the library's own event.
 */
export async function openPhone({ keyServerUrl, cloud = new Map(), onOtherDeviceLogin = () => {} }) {
  const number = String(++phones)
  register(number, cloud)
  // The library keeps its state in module variables: a query of its own gives each phone its own modules.
  const [KeyBackup, { RateLimitError }] = await Promise.all([
    import(`@photon-sdk/photon-lib/src/keybackup.js?phone=${number}`),
    import(`@photon-sdk/photon-lib/src/keyserver.js?phone=${number}`),
  ])
  KeyBackup.init({ keyServerURI: keyServerUrl, onOtherDeviceLogin })
  return { KeyBackup, RateLimitError, cloud, close: () => unregister(number) }
}
