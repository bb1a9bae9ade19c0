import { testsOf } from '../../../vitest.shared.ts'

export default testsOf('qr-login', { postgres: true })
