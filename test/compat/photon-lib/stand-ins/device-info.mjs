import { numberOf } from './phones.mjs'

const DeviceInfo = { getUniqueId: async () => `phone-${numberOf(import.meta.url)}` }

export default DeviceInfo
