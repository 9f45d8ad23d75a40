/// What a browser shows at `/`: what is where on the service listener.
enum LandingPage {
    /// The page, without scripts, styles or links to other hosts.
    static let html = """
        <!DOCTYPE html>
        <html lang="en">
        <meta charset="utf-8">
        <title>Cattleguard</title>
        <h1>Cattleguard</h1>
        <p>Keeps running containers as they were deployed.</p>
        <ul>
        <li><code>POST /v1/check</code>: judges the manifests in the body
        <li><a href="v1/policies">/v1/policies</a>: the policies in force
        <li><a href="metrics">/metrics</a>: metrics for Prometheus
        <li><a href="livez">/livez</a>, <a href="readyz">/readyz</a>: health
        <li><a href="openapi.yaml">/openapi.yaml</a>: all of this for machines
        </ul>
        <p>Try: <code>curl --data-binary @deployment.yaml -H 'Content-Type: application/yaml'
        -H 'Accept: text/plain' http://<i>this host</i>/v1/check</code></p>
        </html>

        """
}
