/** How a server signs a person's token: a JSON Web Token by HS256, with what each language brings itself. */

export const signingSnippets = (): { id: string; label: string; code: string }[] => [
  {
    id: 'python',
    label: 'Python',
    code: `import base64, hashlib, hmac, json, os, time

def person_token(user_id: str, secret: str = os.environ["HOLDFAST_SIGNING_SECRET"]) -> str:
    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).decode().rstrip("=")
    claims = {"sub": user_id, "exp": int(time.time()) + 3600}
    said = ".".join(part(json.dumps(each).encode()) for each in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{said}.{part(hmac.new(secret.encode(), said.encode(), hashlib.sha256).digest())}"

print(person_token("customer-42"))`,
  },
  {
    id: 'node',
    label: 'Node',
    code: `const { createHmac } = require('node:crypto')

function personToken(userId, secret = process.env.HOLDFAST_SIGNING_SECRET) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { sub: userId, exp: Math.floor(Date.now() / 1000) + 3600 }
  const said = part({ alg: 'HS256', typ: 'JWT' }) + '.' + part(claims)
  return said + '.' + createHmac('sha256', secret).update(said).digest('base64url')
}

console.log(personToken('customer-42'))`,
  },
  {
    id: 'php',
    label: 'PHP',
    code: `<?php
function person_token(string $user_id, string $secret): string {
    $part = fn(string $value) => rtrim(strtr(base64_encode($value), '+/', '-_'), '=');
    $said = $part('{"alg":"HS256","typ":"JWT"}') . '.' . $part(json_encode(['sub' => $user_id, 'exp' => time() + 3600]));
    return $said . '.' . $part(hash_hmac('sha256', $said, $secret, true));
}

echo person_token('customer-42', getenv('HOLDFAST_SIGNING_SECRET'));`,
  },
]
