
The demo tenant answers at @BASE@/ - paste these into a shell:

# 1. A machine asks in its own name (client_credentials).
curl -s @BASE@/oauth/token -d grant_type=client_credentials -d client_id=demo-nightly-report \
  -d client_secret=demo_GaR-HnC8yVFa36SA_C-L8zvQBoOXx66lkP8o3EmS9PM -d audience=https://orders.demo.example/

# 2. A person logs in (password), with a refresh token.
LOGIN=$(curl -s @BASE@/oauth/token -d grant_type=password -d client_id=demo-web \
  -d client_secret=demo_hGhGGsusVeIiLSk5ghQS5R0l3ZkElRmf6aZ6juJrrWs -d username=ada@demo.example \
  -d password=ada-demo-password -d audience=https://orders.demo.example/ \
  -d 'scope=openid profile email offline_access read:orders write:orders')
REFRESH=$(printf %s "$LOGIN" | sed 's/.*"refresh_token":"\([^"]*\)".*/\1/')
ACCESS=$(printf %s "$LOGIN" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

# 3. Refresh. The same token may be repeated for 30 seconds and gets the same successor.
curl -s @BASE@/oauth/token -d grant_type=refresh_token -d client_id=demo-web \
  -d client_secret=demo_hGhGGsusVeIiLSk5ghQS5R0l3ZkElRmf6aZ6juJrrWs -d "refresh_token=$REFRESH"

# 4. Refresh into an organization, by name and by id; for this answer only.
curl -s @BASE@/oauth/token -d grant_type=refresh_token -d client_id=demo-web \
  -d client_secret=demo_hGhGGsusVeIiLSk5ghQS5R0l3ZkElRmf6aZ6juJrrWs -d "refresh_token=$REFRESH" -d organization=acme
curl -s @BASE@/oauth/token -d grant_type=refresh_token -d client_id=demo-web \
  -d client_secret=demo_hGhGGsusVeIiLSk5ghQS5R0l3ZkElRmf6aZ6juJrrWs -d "refresh_token=$REFRESH" -d organization=org_demo_globex

# 5. Is the access token still good, and who is it about?
curl -s @BASE@/oauth/introspect -d client_id=demo-web \
  -d client_secret=demo_hGhGGsusVeIiLSk5ghQS5R0l3ZkElRmf6aZ6juJrrWs -d "token=$ACCESS"
curl -s @BASE@/userinfo -H "Authorization: Bearer $ACCESS"
