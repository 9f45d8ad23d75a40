internal import HTTP

/// What a browser shows at `/`: what is where on the service listener.
enum LandingPage {
    /// What a browser must not do with it: load or run anything, or show it within another page.
    static let fields =
        Response.unsniffed + [
            (
                name: "Content-Security-Policy",
                value: "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
            )
        ]

    /// The page: one document, without scripts, pictures or anything from other hosts.
    static let html = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Cattleguard</title>
        <style>
        :root { --ink: #1f2420; --faint: #5c665e; --line: #d5dad3; --paper: #fbfbf8; --box: #f0f2ec;
                --link: #1c6b45 }
        @media (prefers-color-scheme: dark) {
        :root { --ink: #e4e8e2; --faint: #98a39a; --line: #343b35; --paper: #161a17; --box: #1f2520;
                --link: #7fcba4 }
        }
        * { box-sizing: border-box }
        body { margin: 0 auto; padding: 4rem 1.5rem; max-width: 46rem; background: var(--paper);
               color: var(--ink); font: 1rem/1.6 system-ui, sans-serif }
        /* The bars of a cattle guard: what walks on them turns back. */
        header::before { content: ""; display: block; width: 9.375rem; height: .75rem;
                         margin-bottom: 1rem; background: repeating-linear-gradient(
                         90deg, var(--link) 0 .375rem, transparent .375rem 1rem) }
        h1 { margin: 0; font-size: 2rem; line-height: 1.2; letter-spacing: -.02em }
        header p { margin: .25rem 0 0; color: var(--faint); font-size: 1.125rem }
        h2 { margin: 2.5rem 0 .5rem; font-size: 1.125rem }
        table { width: 100%; border-collapse: collapse }
        th, td { padding: .5rem 1rem .5rem 0; border-top: 1px solid var(--line); text-align: left;
                 font-weight: normal; vertical-align: top }
        th { width: 13rem; white-space: nowrap }
        @media (max-width: 36rem) { th, td { display: block; padding-right: 0 }
                                    th { border-bottom: 0 } td { border-top: 0; padding-top: 0 } }
        code, pre { font: .875rem/1.6 ui-monospace, monospace }
        pre { margin: 0; padding: 1rem; overflow-x: auto; background: var(--box);
              border-radius: .375rem }
        a { color: var(--link); text-underline-offset: .2em }
        </style>
        </head>
        <body>
        <header>
        <h1>Cattleguard</h1>
        <p>Keeps running containers as they were deployed.</p>
        </header>
        <main>
        <h2>Judge a manifest</h2>
        <pre>curl --data-binary @deployment.yaml \\
            --header 'Content-Type: application/yaml' \\
            'http://<b>this-host</b>/v1/check?format=text'</pre>
        <h2>What is here</h2>
        <table>
        <tr><th><a href="v1/policies"><code>/v1/policies</code></a>
            <td>The policies in force, what each does to a violation, and the exceptions.
        <tr><th><code>POST /v1/check</code>
            <td>The violations in the manifests of the body. <code>format=text</code> for people;
            <code>fail=true</code> answers 422 when something is denied, for
            <code>curl --fail</code>.
        <tr><th><a href="metrics"><code>/metrics</code></a>
            <td>Metrics for Prometheus.
        <tr><th><a href="readyz"><code>/readyz</code></a>, <a href="livez"><code>/livez</code></a>
            <td>Whether it takes requests; whether every loop still turns.
        <tr><th><a href="openapi.yaml"><code>/openapi.yaml</code></a>
            <td>Every route of both listeners, for machines.
        </table>
        <p>The API server calls another listener: <code>POST /validate</code>, over TLS.</p>
        </main>
        </body>
        </html>

        """
}
