//! `cookie_domain`: where the `_dfid` copy may be read, which is a wide place and must be a sensible one.

use std::net::IpAddr;

use datafly_settings::Section;
use url::Url;

const KEY: &str = "cookie_domain";

/// Notes what is wrong with a domain for the pages of `origins`, served from `host`.
pub(super) fn check(section: &Section<'_>, domain: &str, host: &str, origins: &[String]) {
    if let Some(hint) = objection(domain, host, origins) {
        section.refuse_value(KEY, domain, hint);
    }
}

fn objection(domain: &str, host: &str, origins: &[String]) -> Option<String> {
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if host.parse::<IpAddr>().is_ok() {
        return Some(format!(
            "the host `{host}` is an address, which is in no domain: leave it out"
        ));
    }
    if !is_under(host, domain) || !domain.split('.').all(label) {
        // A browser drops such a cookie.
        return Some(format!("write the site's domain, which the host `{host}` must be in"));
    }
    if psl::domain_str(domain).is_none() {
        let own = psl::domain_str(host).unwrap_or(host);
        return Some(format!(
            "anybody may register names in it, and they would all be sent the visitor's id: write the \
             site's own domain, such as `{own}`"
        ));
    }
    // An origin that cannot be read is a mistake of its own.
    let hosts: Option<Vec<_>> = origins.iter().map(|origin| host_of(origin)).collect();
    if hosts.is_none_or(|hosts| hosts.is_empty() || hosts.iter().any(|host| is_under(host, domain)))
    {
        return None;
    }
    Some(format!(
        "none of the pipeline's origins is in it, so no backend of theirs is sent the cookie: write a domain \
         that they share with the host `{host}`, or leave it out"
    ))
}

fn host_of(origin: &str) -> Option<String> {
    Url::parse(origin).ok()?.host_str().map(str::to_owned)
}

fn is_under(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::objection;

    fn says(domain: &str, host: &str, origin: &str) -> String {
        objection(domain, host, &[origin.to_owned()]).unwrap_or_default()
    }

    #[test]
    fn the_site_s_own_domain_is_taken_at_any_depth() {
        let page = "https://www.shop.example.co.uk";
        for domain in ["example.co.uk", "shop.example.co.uk"] {
            assert_eq!(says(domain, "id.shop.example.co.uk", page), "", "{domain}");
        }
        assert_eq!(says("a.github.io", "a.github.io", "https://a.github.io"), "");
    }

    #[test]
    fn a_public_suffix_is_refused_however_deep() {
        for (domain, host) in [
            ("uk", "id.example.co.uk"),
            ("co.uk", "id.example.co.uk"),
            ("github.io", "a.github.io"),
            ("com", "id.example.com"),
        ] {
            let said = says(domain, host, &format!("https://www.{host}"));
            assert!(said.contains("anybody may register"), "{domain}: {said}");
        }
    }

    #[test]
    fn what_no_browser_takes_and_what_helps_no_page_is_refused() {
        let page = "https://www.example.com";
        for domain in ["ample.com", "other.com", "", ".example.com", "example.com.", "EXAMPLE.com"]
        {
            assert!(says(domain, "id.example.com", page).contains("must be in"), "{domain}");
        }
        assert!(says("id.example.com", "id.example.com", page).contains("none of the pipeline's"));
        assert!(says("0.1", "127.0.0.1", page).contains("is an address"));
        assert!(says("[::1]", "[::1]", page).contains("must be in"));
    }
}
