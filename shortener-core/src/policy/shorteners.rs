//! Well-known services that shorten links, by their domains.

/// Their domains, in order. Only such as anybody can have a link on: those of one newspaper lead to that newspaper.
const DOMAINS: [&str; 109] = [
    "0rz.tw",
    "1url.com",
    "2.gp",
    "adf.ly",
    "adfoc.us",
    "bc.vc",
    "bit.do",
    "bit.ly",
    "bitly.ws",
    "bl.ink",
    "buff.ly",
    "chilp.it",
    "clck.ru",
    "cli.gs",
    "cort.as",
    "cutt.ly",
    "cutt.us",
    "da.gd",
    "db.tt",
    "dlvr.it",
    "dub.co",
    "dub.sh",
    "dwarfurl.com",
    "dwz.cn",
    "flip.it",
    "fur.ly",
    "gg.gg",
    "go2l.ink",
    "goo.gl",
    "goo.su",
    "gotiny.cc",
    "han.gl",
    "hoo.gl",
    "hubs.ly",
    "ift.tt",
    "is.gd",
    "j.mp",
    "jmp.sh",
    "kutt.it",
    "kutt.to",
    "lnk.bio",
    "lnk.to",
    "lnkd.in",
    "mcaf.ee",
    "me2.do",
    "migre.me",
    "mub.me",
    "n9.cl",
    "naver.me",
    "ouo.io",
    "ow.ly",
    "po.st",
    "qr.ae",
    "qrco.de",
    "rb.gy",
    "rebrand.ly",
    "rotf.lol",
    "s.id",
    "shor.by",
    "short.cm",
    "short.gy",
    "short.io",
    "shorte.st",
    "shortlink.st",
    "shorturl.at",
    "shorturl.gg",
    "shrinkme.io",
    "shrtco.de",
    "smarturl.it",
    "sn.im",
    "snip.ly",
    "snipr.com",
    "snipurl.com",
    "snurl.com",
    "soo.gd",
    "spoo.me",
    "su.pr",
    "suo.im",
    "surl.li",
    "t.cn",
    "t.co",
    "t.ly",
    "t1p.de",
    "t2m.io",
    "tiny.cc",
    "tiny.ie",
    "tiny.one",
    "tiny.pl",
    "tinylink.net",
    "tinyurl.com",
    "tl.gd",
    "tr.ee",
    "tr.im",
    "trib.al",
    "u.to",
    "url.cn",
    "urlr.me",
    "urls.fr",
    "urlz.fr",
    "v.gd",
    "v.ht",
    "vk.cc",
    "wa.link",
    "x.co",
    "x.gd",
    "xurl.es",
    "zip.net",
    "zpr.io",
    "zws.im",
];

/// Whether a host is one of theirs, or below one.
pub(super) fn is_one(host: &str) -> bool {
    let mut rest = Some(host);
    while let Some(name) = rest {
        if DOMAINS.binary_search(&name).is_ok() {
            return true;
        }
        rest = name.split_once('.').map(|(_, parent)| parent);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_and_holds_registered_domains() {
        assert!(DOMAINS.is_sorted_by(|one, next| one < next));
        for domain in DOMAINS {
            assert!(domain.contains('.') && psl::domain_str(domain).is_some(), "{domain}");
        }
    }

    #[test]
    fn a_service_covers_its_subdomains_and_no_neighbour() {
        for host in ["bit.ly", "www.bit.ly", "maps.app.goo.gl", "t.co"] {
            assert!(is_one(host), "{host}");
        }
        for host in ["rabbit.ly", "bit.ly.example.com", "ly", "example.com"] {
            assert!(!is_one(host), "{host}");
        }
    }
}
