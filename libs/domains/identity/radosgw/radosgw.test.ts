import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { Secret } from '@strongroom/crypto'
import { s3ObjectStore } from '../src/documents/index.ts'
import { storeKeepsToWhatWeSign } from '../test/store-contract.ts'
import { startRadosgw } from './start-radosgw.ts'

storeKeepsToWhatWeSign({
  async start() {
    const gateway = await startRadosgw()
    const { url: endpoint, accessKeyId, secretAccessKey } = gateway
    const [region, bucket] = ['us-east-1', 'documents']
    const client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    })
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    client.destroy()
    const objects = s3ObjectStore({
      endpoint,
      region,
      bucket,
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
    })
    return { objects, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() }
  },
})
