/**
 * Working code, with this server's address and a write key filled in: by the Segment SDKs, which speak to any host they
 * are told, and where those insist on a host of their own, by what the language itself brings.
 */

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
    {
      id: 'ruby',
      label: 'Ruby',
      install: '',
      code: `require 'json'
require 'net/http'

address = URI('${server}/v1/track')
request = Net::HTTP::Post.new(address, 'Content-Type' => 'application/json')
request.basic_auth('${writeKey}', '')
request.body = JSON.dump(userId: 'customer-42', event: 'Order Completed',
                         properties: { order_id: 'A-1', revenue: 84.2, currency: 'EUR' })
Net::HTTP.start(address.host, address.port, use_ssl: address.scheme == 'https') { |http| http.request(request) }`,
    },
    {
      id: 'php',
      label: 'PHP',
      install: '',
      code: `<?php
$body = json_encode(['userId' => 'customer-42', 'event' => 'Order Completed',
    'properties' => ['order_id' => 'A-1', 'revenue' => 84.2, 'currency' => 'EUR']]);
$key = base64_encode('${writeKey}:');
file_get_contents('${server}/v1/track', false, stream_context_create(['http' => [
    'method' => 'POST',
    'header' => "Content-Type: application/json\\r\\nAuthorization: Basic $key",
    'content' => $body,
]]));`,
    },
    {
      id: 'go',
      label: 'Go',
      install: '',
      code: `package main

import (
\t"net/http"
\t"strings"
)

func main() {
\tbody := strings.NewReader(\`{"userId": "customer-42", "event": "Order Completed",
\t\t"properties": {"order_id": "A-1", "revenue": 84.2, "currency": "EUR"}}\`)
\trequest, err := http.NewRequest("POST", "${server}/v1/track", body)
\tif err != nil {
\t\tpanic(err)
\t}
\trequest.SetBasicAuth("${writeKey}", "")
\trequest.Header.Set("Content-Type", "application/json")
\tanswer, err := http.DefaultClient.Do(request)
\tif err != nil {
\t\tpanic(err)
\t}
\tanswer.Body.Close()
}`,
    },
    {
      id: 'java',
      label: 'Java',
      install: '',
      code: `import java.net.URI;
import java.net.http.*;
import java.util.Base64;

public class Send {
  public static void main(String[] arguments) throws Exception {
    var key = Base64.getEncoder().encodeToString("${writeKey}:".getBytes());
    var body = "{\\"userId\\": \\"customer-42\\", \\"event\\": \\"Order Completed\\","
        + " \\"properties\\": {\\"order_id\\": \\"A-1\\", \\"revenue\\": 84.2, \\"currency\\": \\"EUR\\"}}";
    var request = HttpRequest.newBuilder(URI.create("${server}/v1/track"))
        .header("Content-Type", "application/json")
        .header("Authorization", "Basic " + key)
        .POST(HttpRequest.BodyPublishers.ofString(body)).build();
    var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    client.send(request, HttpResponse.BodyHandlers.discarding());
  }
}`,
    },
  ]
}
