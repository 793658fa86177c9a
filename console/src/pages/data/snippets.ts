/** Working code for the Segment SDKs, with this server's address and a write key filled in. */

export interface Snippet {
  id: string
  label: string
  install: string
  code: string
}

export function snippets(server: string, writeKey: string): Snippet[] {
  return [
    {
      id: 'browser',
      label: 'Browser',
      install: 'npm install @segment/analytics-next',
      code: `import { AnalyticsBrowser } from '@segment/analytics-next'

const analytics = AnalyticsBrowser.load({ writeKey: '${writeKey}', cdnURL: '${server}' })

analytics.page()
analytics.identify('customer-42', { email: 'ada@example.com' })
analytics.track('Order Completed', { order_id: 'A-1', revenue: 84.2, currency: 'EUR' })`,
    },
    {
      id: 'node',
      label: 'Node',
      install: 'npm install @segment/analytics-node',
      code: `import { Analytics } from '@segment/analytics-node'

const analytics = new Analytics({ writeKey: '${writeKey}', host: '${server}' })

analytics.identify({ userId: 'customer-42', traits: { email: 'ada@example.com' } })
analytics.track({
  userId: 'customer-42',
  event: 'Order Completed',
  properties: { order_id: 'A-1', revenue: 84.2, currency: 'EUR' },
})
await analytics.closeAndFlush()`,
    },
    {
      id: 'python',
      label: 'Python',
      install: 'pip install segment-analytics-python',
      code: `from segment.analytics.client import Client

analytics = Client("${writeKey}", host="${server}")

analytics.identify("customer-42", {"email": "ada@example.com"})
analytics.track("customer-42", "Order Completed", {"order_id": "A-1", "revenue": 84.2, "currency": "EUR"})
analytics.flush()`,
    },
    {
      id: 'curl',
      label: 'curl',
      install: '',
      code: `curl ${server}/v1/track -u '${writeKey}:' -H 'Content-Type: application/json' \\
  -d '{"userId":"customer-42","event":"Order Completed","messageId":"A-1",
       "properties":{"order_id":"A-1","revenue":84.2,"currency":"EUR"}}'`,
    },
  ]
}
